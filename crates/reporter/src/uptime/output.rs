//! Where a report is written.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use metrics_core::uptime::{
    CLASSIC_HEADER, RowObject, StoreFigures, column_names, full_header, push_classic, push_full,
};

use super::UptimeFormat;
use super::computed::Computed;
use crate::exit::CommandError;

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Standard output.
    Standard,
    /// A file, which appears whole or not at all.
    File(PathBuf),
}

impl Output {
    /// `-` is standard output.
    pub fn of(path: &Path) -> Self {
        if path == Path::new("-") { Self::Standard } else { Self::File(path.to_owned()) }
    }

    /// Refuses a file whose folder is none, before any work.
    pub fn check(&self) -> Result<(), CommandError> {
        let Self::File(path) = self else { return Ok(()) };
        if path.is_dir() {
            return Err(CommandError::NotUsable(anyhow::anyhow!("{} is a folder", path.display())));
        }
        let folder = folder_of(path);
        if folder.is_dir() {
            Ok(())
        } else {
            Err(CommandError::NotUsable(anyhow::anyhow!("there is no folder {}", folder.display())))
        }
    }

    /// Writes the report.
    pub fn write(&self, report: &Computed, format: UptimeFormat, out: &mut impl Write) -> Result<(), CommandError> {
        match self {
            Self::Standard => {
                write(report, format, out)?;
                out.flush()?;
            }
            Self::File(path) => write_file(report, format, path)
                .with_context(|| format!("cannot write {}", path.display()))
                .map_err(CommandError::Failed)?,
        }
        Ok(())
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes beside the file and renames; what is no regular file (a pipe, a device) is written to as it is.
fn write_file(report: &Computed, format: UptimeFormat, path: &Path) -> anyhow::Result<()> {
    // The file that a link means is replaced, not the link.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if path.exists() && !path.is_file() {
        let mut file = BufWriter::new(File::options().write(true).open(path)?);
        write(report, format, &mut file)?;
        return Ok(file.flush()?);
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".uptime-").suffix(".partial");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any new file: what the user's mask leaves.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder_of(path))?;
    let mut buffered = BufWriter::new(file.as_file_mut());
    write(report, format, &mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn write(report: &Computed, format: UptimeFormat, out: &mut impl Write) -> io::Result<()> {
    match format {
        UptimeFormat::Classic => write_rows(report, CLASSIC_HEADER, push_classic, "", out),
        UptimeFormat::Full => write_rows(report, &full_header(), push_full, "", out),
        UptimeFormat::Json => {
            let mut head = serde_json::to_string(report.head())?;
            // The rows go in before the last brace.
            head.pop();
            head.push_str(",\"stores\":[");
            let names = column_names();
            let mut is_first = true;
            let push = |bytes: &mut Vec<u8>, id: &str, figures: &StoreFigures| {
                if !is_first {
                    bytes.push(b',');
                }
                is_first = false;
                // Writing an object of numbers and a text into memory cannot fail.
                let _ = serde_json::to_writer(bytes, &RowObject { id, figures, names: &names });
            };
            write_rows(report, &head, push, "]}\n", out)
        }
    }
}

/// Bytes that are collected before they are written.
const BUFFER: usize = 1 << 16;

/// Writes a piece for each row, between a head and a tail.
fn write_rows(
    report: &Computed,
    head: &str,
    mut push: impl FnMut(&mut Vec<u8>, &str, &StoreFigures),
    tail: &str,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut bytes = head.as_bytes().to_vec();
    report.for_each_row(|id, figures| {
        push(&mut bytes, id, figures);
        if bytes.len() >= BUFFER {
            out.write_all(&bytes)?;
            bytes.clear();
        }
        Ok(())
    })?;
    bytes.extend_from_slice(tail.as_bytes());
    out.write_all(&bytes)
}
