//! The file: numbered objects one after another, and the table that says where each begins.
//!
//! Objects are written as soon as they are complete, so that what is kept is one number per object. That is why the
//! table is made here: [`pdf_writer::Pdf`] holds the whole file until its end.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::{Chunk, Filter, Ref};

/// First bytes: the version, and a comment that tells programs that the file is binary.
const HEADER: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n";

/// A PDF on its way out.
#[derive(Debug)]
pub struct File<W> {
    out: W,
    written: u64,
    /// Where each object begins; that with the number 1 is the first.
    offsets: Vec<u64>,
}

impl<W: Write> File<W> {
    /// Begins a file.
    pub fn new(out: W) -> io::Result<Self> {
        let mut file = Self { out, written: 0, offsets: Vec::new() };
        file.push(HEADER)?;
        Ok(file)
    }

    /// The number of an object that is to come.
    pub fn reserve(&mut self) -> Ref {
        self.offsets.push(0);
        Ref::new(i32::try_from(self.offsets.len()).unwrap_or(i32::MAX))
    }

    /// Writes the object `id`, the only one of the chunk.
    pub fn object(&mut self, id: Ref, chunk: &Chunk) -> io::Result<()> {
        let offset = usize::try_from(id.get()).ok().and_then(|number| self.offsets.get_mut(number.checked_sub(1)?));
        if let Some(offset) = offset {
            *offset = self.written;
        }
        self.push(chunk.as_bytes())
    }

    /// Writes a stream, compressed.
    pub fn stream(&mut self, data: &[u8]) -> io::Result<Ref> {
        let id = self.reserve();
        let compressed = compressed(data)?;
        let mut chunk = Chunk::new();
        chunk.stream(id, &compressed).filter(Filter::FlateDecode);
        self.object(id, &chunk)?;
        Ok(id)
    }

    /// Ends the file with the table of objects.
    pub fn finish(mut self, catalog: Ref, info: Ref) -> io::Result<W> {
        let table_offset = self.written;
        let size = self.offsets.len() + 1;
        let mut table = format!("xref\n0 {size}\n0000000000 65535 f\r\n").into_bytes();
        for offset in &self.offsets {
            write!(table, "{offset:010} 00000 n\r\n")?;
        }
        writeln!(table, "trailer\n<< /Size {size} /Root {} 0 R /Info {} 0 R >>", catalog.get(), info.get())?;
        writeln!(table, "startxref\n{table_offset}\n%%EOF")?;
        self.push(&table)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

/// `data` as [`Filter::FlateDecode`] reads it.
pub fn compressed(data: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(data.len() / 4), Compression::default());
    encoder.write_all(data)?;
    encoder.finish()
}
