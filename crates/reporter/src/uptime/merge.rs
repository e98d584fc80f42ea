//! Reports of parts of the stores, kept in files, as one report.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek as _, Write};
use std::path::Path;

use metrics_core::uptime::{Figures, Head, Report, StoreFigures};

/// Bytes that are read at once of each part, in all.
const BUFFERS: usize = 4 << 20;

/// Reports of parts of the stores. No store is in two of them.
pub struct Merged {
    head: Head,
    len: usize,
    /// Per part: length of the id (four bytes), id, figures (eight bytes each), in order of the ids.
    parts: Vec<File>,
}

impl Merged {
    /// None yet; `head` with the diagnostics that no part counts.
    pub const fn new(head: Head) -> Self {
        Self { head, len: 0, parts: Vec::new() }
    }

    /// What the report says of itself.
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// How many stores there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Takes over a part, into a file in this folder that vanishes with the program.
    pub fn add(&mut self, report: &Report, folder: &Path) -> io::Result<()> {
        let mut out = BufWriter::new(tempfile::tempfile_in(folder)?);
        for (id, figures) in report.rows() {
            let length = u32::try_from(id.len()).map_err(io::Error::other)?;
            out.write_all(&length.to_le_bytes())?;
            out.write_all(id.as_bytes())?;
            for number in figures.iter().flat_map(numbers) {
                out.write_all(&number.to_le_bytes())?;
            }
        }
        self.parts.push(out.into_inner().map_err(io::IntoInnerError::into_error)?);
        self.len += report.len();
        self.head.diagnostics.add(&report.head.diagnostics);
        Ok(())
    }

    /// Gives ids and figures of all parts, in order of the bytes of the ids.
    pub fn for_each_row(&self, mut row: impl FnMut(&str, &StoreFigures) -> io::Result<()>) -> io::Result<()> {
        let buffer = BUFFERS / self.parts.len().max(1);
        let mut parts = Vec::with_capacity(self.parts.len());
        let mut next = BinaryHeap::with_capacity(self.parts.len());
        for (index, mut file) in self.parts.iter().enumerate() {
            file.rewind()?;
            let mut part = BufReader::with_capacity(buffer, file);
            next.extend(read_id(&mut part)?.map(|id| Reverse((id, index))));
            parts.push(part);
        }
        while let Some(Reverse((id, index))) = next.pop() {
            let part = &mut parts[index];
            row(&id, &read_figures(part)?)?;
            next.extend(read_id(part)?.map(|id| Reverse((id, index))));
        }
        Ok(())
    }
}

/// The next id of a part; `None` at its end.
fn read_id(part: &mut impl Read) -> io::Result<Option<String>> {
    let mut length = [0; 4];
    match part.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result?,
    }
    let mut id = vec![0; u32::from_le_bytes(length) as usize];
    part.read_exact(&mut id)?;
    String::from_utf8(id).map(Some).map_err(io::Error::other)
}

fn read_figures(part: &mut impl Read) -> io::Result<StoreFigures> {
    let mut figures = StoreFigures::default();
    for figures in &mut figures {
        let mut next = || {
            let mut number = [0; 8];
            part.read_exact(&mut number).map(|()| i64::from_le_bytes(number))
        };
        *figures = Figures {
            business_us: next()?,
            up_us: next()?,
            down_us: next()?,
            observed_us: next()?,
            lo_us: next()?,
            hi_us: next()?,
            polls: u32::try_from(next()?).map_err(io::Error::other)?,
        };
    }
    Ok(figures)
}

/// In the order in which they are read.
fn numbers(figures: &Figures) -> [i64; 7] {
    let Figures { business_us, up_us, down_us, observed_us, lo_us, hi_us, polls } = *figures;
    [business_us, up_us, down_us, observed_us, lo_us, hi_us, i64::from(polls)]
}
