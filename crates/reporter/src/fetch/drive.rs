//! Files on Google Drive.
//!
//! What Drive tells about a file comes first: it says whether the file has changed, and whether it is a file at all.

use serde::Deserialize;
use ureq::http::HeaderMap;
use ureq::http::header::AUTHORIZATION;

use super::FetchOptions;
use super::account::Account;
use super::address::Address;
use super::cache::{Place, Version};
use super::error::Problem;
use super::transfer::{Received, Transfer};

/// Address of the API.
const API: &str = "https://www.googleapis.com/drive/v3";
/// What is asked about a file.
const FIELDS: &str = "mimeType,size,md5Checksum,headRevisionId";
/// How MIME types of Google's own documents begin; these have no content of their own.
const DOCUMENT: &str = "application/vnd.google-apps.";

/// What Drive tells about a file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    mime_type: Option<String>,
    /// A number, written as text.
    size: Option<String>,
    md5_checksum: Option<String>,
    head_revision_id: Option<String>,
}

/// The file with this id as `account` sees it, or nothing when the place has it as it is.
pub fn download(
    id: &str,
    account: &Account,
    place: &Place,
    options: &FetchOptions,
) -> Result<Option<Received>, Problem> {
    let base = options.drive_url.as_deref().unwrap_or(API).trim_end_matches('/');
    let address = |query: &str| {
        Address::parse(&format!("{base}/files/{id}?supportsAllDrives=true&{query}"))
            .map_err(|problem| Problem::Setting { key: "uptime.ingest.drive_url", problem })
    };
    let (facts, content) = (address(&format!("fields={FIELDS}"))?, address("alt=media")?);
    let transfer = Transfer::start_hearing(options);
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, account.authorization(&transfer)?);

    let about: About = serde_json::from_slice(&transfer.get_json(&facts, &headers)?)
        .map_err(|error| Problem::Malformed { address: facts.to_string(), reason: error.to_string() })?;
    if let Some(kind) = about.mime_type.as_deref().and_then(|kind| kind.strip_prefix(DOCUMENT)) {
        return Err(Problem::Document { kind: kind.to_owned() });
    }
    let revision = about.revision();
    if revision.is_some() && place.version().is_some_and(|version| version.revision == revision) {
        return Ok(None);
    }
    if about.size.and_then(|size| size.parse().ok()).is_some_and(|size: u64| size > options.max_bytes) {
        return Err(Problem::TooLarge { limit: options.max_bytes });
    }
    // A file that changes between the two requests is kept under its older revision, and fetched again next time.
    let received = transfer.download(&content, &headers, place)?;
    Ok(received.map(|received| Received { version: Version { revision, ..Version::default() }, ..received }))
}

impl About {
    /// What changes with the content.
    fn revision(&self) -> Option<String> {
        let parts = [self.head_revision_id.as_deref(), self.md5_checksum.as_deref()];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}
