//! Where a report is written.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use metrics_core::uptime::{Report, write_classic, write_full};

use super::UptimeFormat;
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
    pub fn write(&self, report: &Report, format: UptimeFormat, out: &mut impl Write) -> Result<(), CommandError> {
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
fn write_file(report: &Report, format: UptimeFormat, path: &Path) -> anyhow::Result<()> {
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

fn write(report: &Report, format: UptimeFormat, out: &mut impl Write) -> std::io::Result<()> {
    match format {
        UptimeFormat::Classic => write_classic(report, out),
        UptimeFormat::Full => write_full(report, out),
        UptimeFormat::Json => {
            // Standard output writes at each line end, and JSON asks for each byte by itself.
            let mut out = BufWriter::with_capacity(1 << 16, out);
            serde_json::to_writer(&mut out, report)?;
            writeln!(out)?;
            out.flush()
        }
    }
}
