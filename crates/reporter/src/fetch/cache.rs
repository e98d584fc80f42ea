//! The folder of fetched files.
//!
//! Each source has a file with what was fetched last and, beside it, a note on which version that is. Both are written
//! under another name and renamed when they are complete, the file first.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

/// Characters of a file's own name that its name in the folder begins with.
const LONGEST_LABEL: usize = 40;
/// Characters of the hash that follows.
const HASH: usize = 16;

/// By what a server knows a version of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Version {
    /// Header `ETag`.
    pub etag: Option<String>,
    /// Header `Last-Modified`.
    pub last_modified: Option<String>,
    /// Google Drive's revision.
    pub revision: Option<String>,
}

/// What is known of a fetched file.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    /// Where it came from, without secrets.
    source: String,
    #[serde(flatten)]
    version: Version,
    /// Size and time of the file that the note is about. When another process has replaced the file since, they
    /// differ, and the note says nothing.
    bytes: u64,
    written_ns: u64,
}

/// Where in the folder a source has its place.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    name: String,
    source: String,
}

impl Place {
    /// The place of `source`, which `key` tells from all others. `label` helps people to find it.
    pub fn new(folder: &Path, key: &str, label: &str, source: String) -> Self {
        let hash = format!("{:x}", Sha256::digest(key));
        let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
        let label: String = label.chars().filter(|char| is_plain(*char)).take(LONGEST_LABEL).collect();
        let name = format!("{}-{}", label.trim_start_matches('.'), &hash[..HASH]);
        Self { folder: folder.to_owned(), name: name.trim_start_matches('-').to_owned(), source }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file.
    pub fn file(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    fn note(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.name))
    }

    /// The version of the file, if there is one that is known to be whole.
    pub fn version(&self) -> Option<Version> {
        let note: Note = serde_json::from_slice(&fs::read(self.note()).ok()?).ok()?;
        let file = fs::metadata(self.file()).ok()?;
        let is_same = file.is_file() && file.len() == note.bytes && written_ns(&file) == Some(note.written_ns);
        is_same.then_some(note.version)
    }

    /// A file to be filled, in the same folder. It is gone when it is dropped; what a killed process left of it is
    /// removed once it is older than any download may take.
    pub fn begin(&self, longest: Duration) -> io::Result<NamedTempFile> {
        fs::create_dir_all(&self.folder)?;
        let prefix = format!(".{}-", self.name);
        for entry in fs::read_dir(&self.folder)?.filter_map(Result::ok) {
            let is_left = || Some(entry.metadata().ok()?.modified().ok()?.elapsed().ok()? > longest);
            if entry.file_name().to_string_lossy().starts_with(&prefix) && is_left() == Some(true) {
                // Another process may have been faster, and what stays costs room only.
                let _ = fs::remove_file(entry.path());
            }
        }
        tempfile::Builder::new().prefix(&prefix).tempfile_in(&self.folder)
    }

    /// Puts a filled file in its place.
    pub fn keep(&self, file: NamedTempFile, version: Version) -> io::Result<()> {
        file.as_file().sync_all()?;
        let metadata = file.as_file().metadata()?;
        let note = Note {
            source: self.source.clone(),
            version,
            bytes: metadata.len(),
            written_ns: written_ns(&metadata).unwrap_or_default(),
        };
        let mut noted = tempfile::Builder::new().prefix(&format!(".{}-", self.name)).tempfile_in(&self.folder)?;
        serde_json::to_writer_pretty(noted.as_file_mut(), &note)?;
        noted.as_file().sync_all()?;
        file.persist(self.file())?;
        noted.persist(self.note())?;
        Ok(())
    }
}

fn written_ns(file: &Metadata) -> Option<u64> {
    u64::try_from(file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn keep(place: &Place, text: &str, etag: &str) {
        let mut file = place.begin(Duration::from_mins(1)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        place.keep(file, version(etag)).unwrap();
    }

    fn version(etag: &str) -> Version {
        Version { etag: Some(etag.into()), ..Version::default() }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_kept_with_its_version_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(&folder.path().join("a/b"), "key", "polls.csv", "https://h/polls.csv".into());
        assert_eq!(place.version(), None);
        keep(&place, "one", "1");
        assert_eq!(place.version(), Some(version("1")));
        keep(&place, "two", "2");
        assert_eq!((place.version(), fs::read_to_string(place.file()).unwrap()), (Some(version("2")), "two".into()));
        assert_eq!(names(place.folder()), [place.name.clone(), format!("{}.json", place.name)]);
        assert!(place.name.starts_with("polls.csv-"));
        drop(place.begin(Duration::ZERO).unwrap());
        assert_eq!(names(place.folder()).len(), 2);
    }

    #[test]
    fn a_note_about_another_file_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(folder.path(), "key", "", String::new());
        keep(&place, "one", "1");
        fs::write(place.file(), "other").unwrap();
        assert_eq!(place.version(), None);
        keep(&place, "one", "1");
        fs::write(place.note(), "{}").unwrap();
        assert_eq!(place.version(), None);
        keep(&place, "one", "1");
        fs::remove_file(place.file()).unwrap();
        assert_eq!(place.version(), None);
    }

    #[test]
    fn what_a_killed_process_left_is_removed_when_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(folder.path(), "key", "x", String::new());
        let left = place.begin(Duration::from_hours(1)).unwrap().into_temp_path().keep().unwrap();
        let other = folder.path().join(".other-1");
        fs::write(&other, "").unwrap();
        drop(place.begin(Duration::from_hours(1)).unwrap());
        assert!(left.exists());
        fs::File::options().write(true).open(&left).unwrap().set_modified(UNIX_EPOCH).unwrap();
        drop(place.begin(Duration::from_hours(1)).unwrap());
        assert!(!left.exists() && other.exists());
    }

    #[test]
    fn names_are_plain_and_differ_by_key() {
        let name = |key, label| Place::new(Path::new(""), key, label, String::new()).name;
        assert_ne!(name("a", "x"), name("b", "x"));
        assert!(name("a", "../..%2Fé x.csv").starts_with("2Fx.csv-"), "{}", name("a", "../..%2Fé x.csv"));
        assert_eq!(name("a", "").len(), HASH);
        assert_eq!(name("a", &"x".repeat(300)).len(), LONGEST_LABEL + 1 + HASH);
    }
}
