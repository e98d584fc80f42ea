//! Files from where they are: this machine, an address, Google Sheets or Google Drive → a file of this machine.
//!
//! What was fetched is kept in a folder with the version that the server gave it, and is not fetched again while the
//! server says that it is the same. Compressed files stay compressed: whoever reads them knows them by how they begin.

mod account;
mod address;
mod cache;
mod drive;
mod error;
mod location;
mod transfer;

use std::path::PathBuf;
use std::time::Duration;

use metrics_core::settings::UptimeIngestSettings;

pub use error::FetchError;
pub use location::SourceLocation;

use account::Account;
use address::Address;
use cache::Place;
use error::Problem;
use transfer::{Received, Transfer, unless};

/// How a file behind an address is given to the reporter.
const LINK_SHARING: &str = "check that the link is whole, and that whoever has it may read the file";
/// How a sheet is.
const SHEET_SHARING: &str = "share the sheet so that anyone with the link may view it";

/// Limits and places of fetching.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// Time for all that one source takes.
    pub timeout: Duration,
    /// Largest transfer of one source.
    pub max_bytes: u64,
    /// Folder of what was fetched.
    pub cache_dir: PathBuf,
    /// Key file of a service account.
    pub google_credentials: Option<PathBuf>,
    /// Address of the Google Drive API instead of Google's own.
    pub drive_url: Option<String>,
}

impl From<&UptimeIngestSettings> for FetchOptions {
    fn from(settings: &UptimeIngestSettings) -> Self {
        Self {
            timeout: settings.timeout,
            max_bytes: settings.max_bytes,
            cache_dir: settings.cache_dir.clone(),
            google_credentials: settings.google_credentials.clone(),
            drive_url: settings.drive_url.clone(),
        }
    }
}

/// A file that can be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The file.
    pub path: PathBuf,
    /// How new it is.
    pub freshness: Freshness,
}

/// How new a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It was on this machine.
    Local,
    /// It was downloaded now.
    Downloaded {
        /// Size of the transfer.
        bytes: u64,
    },
    /// It was downloaded before, and the server has the same.
    NotModified,
}

/// The file at `location`. When it cannot be had, what was fetched before stays as it is.
pub fn fetch(location: &SourceLocation, options: &FetchOptions) -> Result<Fetched, FetchError> {
    let place = |key: &str, label| Place::new(&options.cache_dir, key, label, location.to_string());
    let (place, received) = match location {
        SourceLocation::Local(path) => return Ok(Fetched { path: path.clone(), freshness: Freshness::Local }),
        SourceLocation::Link(address) => {
            let place = place(address.expose(), address.file_name());
            let received = download(address, &place, options);
            (place, received.map_err(|problem| FetchError::new(location, problem, LINK_SHARING))?)
        }
        SourceLocation::Sheet(address) => {
            let place = place(address.expose(), "sheet");
            let received = download(address, &place, options);
            (place, received.map_err(|problem| FetchError::new(location, problem, SHEET_SHARING))?)
        }
        SourceLocation::Drive(id) => {
            let place = place(&location.to_string(), id);
            let key_file = options.google_credentials.as_deref().ok_or(Problem::NoCredentials);
            let account = key_file.and_then(Account::of_key_file);
            let account = account.map_err(|problem| FetchError::new(location, problem, ""))?;
            let received = drive::download(id, &account, &place, options);
            let shared = format!("share the file with {}", account.email());
            (place, received.map_err(|problem| FetchError::new(location, problem, &shared))?)
        }
    };
    let freshness = match received {
        None => {
            tracing::info!("{location} has not changed");
            Freshness::NotModified
        }
        Some(Received { file, bytes, version }) => {
            let kept = place.keep(file, version);
            kept.map_err(|source| {
                FetchError::new(location, Problem::Cache { folder: options.cache_dir.clone(), source }, "")
            })?;
            tracing::info!(bytes, "fetched {location}");
            Freshness::Downloaded { bytes }
        }
    };
    Ok(Fetched { path: place.file(), freshness })
}

/// The file behind an address, unless its place has it as it is.
fn download(address: &Address, place: &Place, options: &FetchOptions) -> Result<Option<Received>, Problem> {
    let headers = place.version().map(|version| unless(&version)).unwrap_or_default();
    Transfer::start(options).download(address, &headers, place)
}
