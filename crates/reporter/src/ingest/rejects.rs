//! Rows that were refused, as a file.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use metrics_core::uptime::Refused;
use tempfile::NamedTempFile;

use crate::exit::CommandError;
use crate::output::temporary_beside;

/// What a row was meant to be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A poll.
    Poll,
    /// Opening hours.
    Hours,
    /// A zone.
    Zone,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Hours => "hours",
            Self::Zone => "zone",
        }
    }

    const fn reason(self, refused: Refused) -> &'static str {
        match (self, refused) {
            (Self::Poll, Refused::UnknownStatus) => "the status is neither active nor inactive",
            (Self::Poll, Refused::Bad) => "no store_id, no readable timestamp_utc, or a wrong number of fields",
            (Self::Hours, _) => "no store_id, no day from 0 to 6, no readable time, or a wrong number of fields",
            (Self::Zone, _) => "no store_id, or a wrong number of fields",
        }
    }
}

/// A file of refused rows, which appears when it is complete; or nothing.
pub struct Rejects {
    file: Option<(PathBuf, BufWriter<NamedTempFile>)>,
    /// What went wrong first; told at the end.
    failure: Option<std::io::Error>,
}

impl Rejects {
    /// Begins the file `out`, if there is to be one.
    pub fn create(out: Option<&Path>) -> Result<Self, CommandError> {
        let Some(out) = out else { return Ok(Self { file: None, failure: None }) };
        let mut file = BufWriter::new(temporary_beside(out, ".rejects-")?);
        let failure = file.write_all(b"kind,file,row,reason,record\n").err();
        Ok(Self { file: Some((out.to_owned(), file)), failure })
    }

    /// Adds row `row` of `file`, counted from 1 after the header.
    pub fn add(&mut self, kind: Kind, file: &Path, row: u64, refused: Refused, record: &[u8]) {
        let Some((_, out)) = &mut self.file else { return };
        if self.failure.is_none() {
            self.failure = write_row(out, kind, file, row, refused, record).err();
        }
    }

    /// Completes the file.
    pub fn finish(self) -> Result<(), CommandError> {
        let Some((path, file)) = self.file else { return Ok(()) };
        let complete = || -> anyhow::Result<()> {
            self.failure.map_or(Ok(()), Err)?;
            let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok(())
        };
        let complete = complete();
        complete.with_context(|| format!("cannot write {}", path.display())).map_err(CommandError::Failed)
    }
}

fn write_row(
    out: &mut impl Write,
    kind: Kind,
    file: &Path,
    row: u64,
    refused: Refused,
    record: &[u8],
) -> std::io::Result<()> {
    write!(out, "{},", kind.as_str())?;
    quote(out, file.to_string_lossy().as_bytes())?;
    write!(out, ",{row},")?;
    quote(out, kind.reason(refused).as_bytes())?;
    out.write_all(b",")?;
    quote(out, record.trim_ascii_end())?;
    out.write_all(b"\n")
}

/// A field in quotes, byte for byte: what was refused stands there as it came.
fn quote(out: &mut impl Write, field: &[u8]) -> std::io::Result<()> {
    out.write_all(b"\"")?;
    for (index, part) in field.split(|byte| *byte == b'"').enumerate() {
        if index > 0 {
            out.write_all(b"\"\"")?;
        }
        out.write_all(part)?;
    }
    out.write_all(b"\"")
}
