//! Files that are complete before a client gets their first byte: small ones in memory, others on disk.
//!
//! So an error in the middle is a status and not half a file, and a slow client keeps no database waiting.

use std::io::{Read, Seek, SeekFrom, Write};

use actix_web::body::{BoxBody, MessageBody, SizedStream};
use actix_web::web::{self, Bytes};
use futures_util::stream;
use metrics_core::export::{About, Column, ExportError, RowWriter, Style, Value};
use tempfile::SpooledTempFile;
use tokio::sync::mpsc;

use crate::error::ApiError;
use crate::export::Wanted;

/// Bytes of a file up to which it is kept in memory.
const MEMORY_BYTES: usize = 4 << 20;
/// Bytes read at once.
const CHUNK_BYTES: usize = 64 << 10;
/// Rows handed over at once, and how many such batches may wait.
const BATCH_ROWS: usize = 500;
const BATCHES: usize = 4;

/// Where the rows of a file are sent.
pub struct Rows {
    sender: mpsc::Sender<Vec<Vec<Value>>>,
    batch: Vec<Vec<Value>>,
}

impl Rows {
    /// Takes a row in; waits while many of them have not been written yet.
    pub async fn push(&mut self, row: Vec<Value>) {
        self.batch.push(row);
        if self.batch.len() >= BATCH_ROWS {
            self.send().await;
        }
    }

    /// What cannot be sent has nobody to write it: its error is that of the writer.
    async fn send(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        let _ = self.sender.send(batch).await;
    }
}

/// The file of the rows that `send_rows` sends.
pub async fn file(
    wanted: Wanted,
    columns: Vec<Column>,
    about: About,
    style: Style,
    send_rows: impl AsyncFnOnce(&mut Rows) -> Result<(), ApiError>,
) -> Result<BoxBody, ApiError> {
    let (sender, mut receiver) = mpsc::channel::<Vec<Vec<Value>>>(BATCHES);
    let writing = web::block(move || {
        let sink = SpooledTempFile::new(MEMORY_BYTES);
        let mut writer = RowWriter::new(wanted.form, &columns, &about, &style, sink)?;
        while let Some(batch) = receiver.blocking_recv() {
            for row in &batch {
                writer.row(row)?;
            }
        }
        let mut file = writer.finish()?;
        let bytes = file.stream_position()?;
        file.seek(SeekFrom::Start(0))?;
        Ok::<_, ExportError>((file, bytes))
    });
    let sending = async move {
        let mut rows = Rows { sender, batch: Vec::new() };
        send_rows(&mut rows).await?;
        rows.send().await;
        Ok::<_, ApiError>(())
    };
    let (sent, written) = tokio::join!(sending, writing);
    sent?;
    let (file, bytes) =
        written.map_err(|error| ApiError::Internal(error.into()))?.map_err(|error| ApiError::Internal(error.into()))?;
    Ok(SizedStream::new(bytes, stream::try_unfold(file, chunk)).boxed())
}

/// Bytes of any number on their way to a client.
pub struct TextFile {
    file: SpooledTempFile,
    written: u64,
    pending: Vec<u8>,
}

impl Default for TextFile {
    fn default() -> Self {
        Self { file: SpooledTempFile::new(MEMORY_BYTES), written: 0, pending: Vec::with_capacity(2 * CHUNK_BYTES) }
    }
}

impl Write for TextFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.write_all(&self.pending)?;
        self.written += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }
}

impl TextFile {
    /// Where further bytes go.
    pub const fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    /// Writes what has come together, once it is worth while.
    pub fn spill(&mut self) -> Result<(), ApiError> {
        if self.pending.len() < CHUNK_BYTES {
            return Ok(());
        }
        self.flush().map_err(|error| ApiError::Internal(error.into()))
    }

    /// The whole text as a body.
    pub fn finish(mut self) -> Result<BoxBody, ApiError> {
        self.flush().map_err(|error| ApiError::Internal(error.into()))?;
        self.file.seek(SeekFrom::Start(0)).map_err(|error| ApiError::Internal(error.into()))?;
        Ok(SizedStream::new(self.written, stream::try_unfold(self.file, chunk)).boxed())
    }
}

/// The next piece of a file, if there is one.
async fn chunk(file: SpooledTempFile) -> Result<Option<(Bytes, SpooledTempFile)>, actix_web::Error> {
    let read = web::block(move || {
        let mut file = file;
        let mut bytes = vec![0; CHUNK_BYTES];
        let count = file.read(&mut bytes)?;
        bytes.truncate(count);
        Ok::<_, std::io::Error>((count > 0).then(|| (Bytes::from(bytes), file)))
    });
    Ok(read.await??)
}
