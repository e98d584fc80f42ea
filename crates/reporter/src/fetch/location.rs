//! Texts that say where a file is.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::{Url, form_urlencoded};

use super::address::{Address, AddressError};

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceLocation {
    /// On this machine.
    Local(PathBuf),
    /// Behind an address.
    Link(Address),
    /// A sheet of Google Sheets, with the address of its CSV.
    Sheet(Address),
    /// On Google Drive, with its id there.
    Drive(String),
}

/// Why a text does not say where a file is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// Nothing is written.
    #[error("there is no path and no address")]
    Empty,
    /// An address that may not be asked.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A sheet has a number.
    #[error("gid={0} is not the number of a sheet")]
    Sheet(String),
    /// Ids of files are made of few characters.
    #[error("the id of a file on Google Drive is made of letters, digits, - and _")]
    DriveId,
    /// A link to something else of Google's.
    #[error(
        "the link is not one of a file or a sheet: copy the link that Google Drive or Google Sheets gives to share it"
    )]
    NoFile,
}

impl SourceLocation {
    /// What an argument says; a path need not be Unicode.
    pub fn of_argument(text: OsString) -> Result<Self, LocationError> {
        match text.into_string() {
            Ok(text) => text.parse(),
            Err(path) => Ok(Self::Local(path.into())),
        }
    }
}

impl FromStr for SourceLocation {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        if text.is_empty() {
            return Err(LocationError::Empty);
        }
        if let Some(id) = text.strip_prefix("drive:") {
            return drive_file(id);
        }
        if !has_scheme(text) {
            return Ok(Self::Local(text.into()));
        }
        let address = Address::parse(text)?;
        let url = Url::parse(text).map_err(AddressError::Malformed)?;
        match url.host_str() {
            Some("docs.google.com") => sheet(&url),
            Some("drive.google.com") => drive_file(&drive_id(&url).ok_or(LocationError::NoFile)?),
            _ => Ok(Self::Link(address)),
        }
    }
}

/// Does it begin as an address does? Paths may hold `://` too, but hardly after letters only.
fn has_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|char: char| char.is_ascii_alphabetic())
            && scheme.chars().all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char))
    })
}

fn drive_file(id: &str) -> Result<SourceLocation, LocationError> {
    let is_id = !id.is_empty() && id.chars().all(|char| char.is_ascii_alphanumeric() || "-_".contains(char));
    if is_id { Ok(SourceLocation::Drive(id.to_owned())) } else { Err(LocationError::DriveId) }
}

/// The id in a link to a file.
fn drive_id(url: &Url) -> Option<String> {
    match path(url)[..] {
        ["file", "d", id, ..] => Some(id.to_owned()),
        ["open" | "uc"] => parameter(url.query(), "id"),
        _ => None,
    }
}

/// The CSV of the sheet that a link shows: of one that is edited, or of one that was published.
fn sheet(url: &Url) -> Result<SourceLocation, LocationError> {
    let path = path(url);
    let ["spreadsheets", rest @ ..] = &path[..] else { return Err(LocationError::NoFile) };
    // A browser with several accounts says which it uses.
    let rest = if let ["u", _, rest @ ..] = rest { rest } else { rest };
    let (form, export) = match rest {
        ["d", "e", id, ..] => ("output", format!("/spreadsheets/d/e/{id}/pub")),
        ["d", id, ..] => ("format", format!("/spreadsheets/d/{id}/export")),
        _ => return Err(LocationError::NoFile),
    };
    // The fragment follows the sheet that is shown, the query is as old as the link.
    let gid = parameter(url.fragment(), "gid").or_else(|| parameter(url.query(), "gid"));
    let mut csv = url.clone();
    csv.set_path(&export);
    csv.query_pairs_mut().clear().append_pair(form, "csv");
    if let Some(gid) = gid {
        if gid.is_empty() || !gid.chars().all(|char| char.is_ascii_digit()) {
            return Err(LocationError::Sheet(gid));
        }
        csv.query_pairs_mut().append_pair("gid", &gid);
        if form == "output" {
            csv.query_pairs_mut().append_pair("single", "true");
        }
    }
    Ok(SourceLocation::Sheet(Address::parse(csv.as_str())?))
}

fn path(url: &Url) -> Vec<&str> {
    url.path().split('/').filter(|part| !part.is_empty()).collect()
}

fn parameter(pairs: Option<&str>, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(pairs?.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => path.display().fmt(f),
            Self::Link(address) | Self::Sheet(address) => address.fmt(f),
            Self::Drive(id) => write!(f, "drive:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet_of(link: &str) -> String {
        match link.parse() {
            Ok(SourceLocation::Sheet(address)) => address.expose().to_owned(),
            other => panic!("{link}: {other:?}"),
        }
    }

    #[test]
    fn what_does_not_begin_as_an_address_is_a_path() {
        for text in ["polls.csv", "./drive:x", "/a/b.csv.gz", "a b", "-", "https:a", "x/https://y", "../é", "://"] {
            assert_eq!(text.parse(), Ok(SourceLocation::Local(text.into())));
        }
        assert_eq!("".parse::<SourceLocation>(), Err(LocationError::Empty));
    }

    #[cfg(unix)]
    #[test]
    fn a_path_need_not_be_unicode() {
        use std::os::unix::ffi::OsStringExt as _;
        let path = OsString::from_vec(vec![b'a', 0xff]);
        assert_eq!(SourceLocation::of_argument(path.clone()), Ok(SourceLocation::Local(path.into())));
    }

    #[test]
    fn an_address_is_a_link_and_its_query_is_not_shown() {
        let link: SourceLocation = "https://h.example/polls.csv?signature=sesame".parse().unwrap();
        assert!(matches!(link, SourceLocation::Link(_)));
        assert_eq!(link.to_string(), "https://h.example/polls.csv");
        assert!(!format!("{link:?}").contains("sesame"));
        for text in ["s3://bucket/polls.csv", "http://h.example/polls.csv", "https://me:pw@h.example/"] {
            assert!(matches!(text.parse::<SourceLocation>(), Err(LocationError::Address(_))), "{text}");
        }
    }

    #[test]
    fn a_link_of_google_sheets_becomes_that_of_its_csv() {
        let csv = "https://docs.google.com/spreadsheets/d/1a-B_c/export?format=csv";
        let base = "https://docs.google.com/spreadsheets";
        for link in ["d/1a-B_c", "d/1a-B_c/", "d/1a-B_c/edit", "d/1a-B_c/edit?usp=sharing", "u/1/d/1a-B_c/view"] {
            assert_eq!(sheet_of(&format!("{base}/{link}")), csv, "{link}");
        }
        for link in
            ["edit#gid=12", "edit?gid=12", "edit?gid=3#gid=12", "edit#gid=12&range=A1", "export?gid=12&format=xlsx"]
        {
            assert_eq!(sheet_of(&format!("{base}/d/1a-B_c/{link}")), format!("{csv}&gid=12"), "{link}");
        }
        assert_eq!(sheet_of(&format!("{csv}&gid=12")), format!("{csv}&gid=12"));
        assert_eq!(
            sheet_of(&format!("{base}/d/e/2PACX-x/pubhtml?gid=7&single=true")),
            format!("{base}/d/e/2PACX-x/pub?output=csv&gid=7&single=true")
        );
        assert_eq!(
            sheet_of(&format!("{base}/d/e/2PACX-x/pub?output=csv")),
            format!("{base}/d/e/2PACX-x/pub?output=csv")
        );
        assert_eq!(
            format!("{base}/d/1a-B_c/edit#gid=two").parse::<SourceLocation>(),
            Err(LocationError::Sheet("two".into()))
        );
        for link in ["https://docs.google.com/document/d/1a/edit", "https://docs.google.com/spreadsheets/"] {
            assert_eq!(link.parse::<SourceLocation>(), Err(LocationError::NoFile), "{link}");
        }
    }

    #[test]
    fn a_file_on_drive_is_known_by_its_id() {
        for text in [
            "drive:1a-B_c",
            "https://drive.google.com/file/d/1a-B_c/view?usp=sharing",
            "https://drive.google.com/open?id=1a-B_c",
            "https://drive.google.com/uc?export=download&id=1a-B_c",
        ] {
            assert_eq!(text.parse(), Ok(SourceLocation::Drive("1a-B_c".into())), "{text}");
        }
        for text in ["drive:", "drive:a/b", "drive:a?alt=media"] {
            assert_eq!(text.parse::<SourceLocation>(), Err(LocationError::DriveId), "{text}");
        }
        let folder = "https://drive.google.com/drive/folders/1a-B_c";
        assert_eq!(folder.parse::<SourceLocation>(), Err(LocationError::NoFile));
    }
}
