//! Files as they are, or compressed.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Bytes that are read at once from a compressed file.
const COMPRESSED_BLOCK: usize = 1 << 16;

/// What is in a file, decompressed if it begins as gzip or Zstandard do.
pub fn decompressed(mut file: impl Read + Send + 'static) -> std::io::Result<Box<dyn Read + Send>> {
    let mut head = Vec::with_capacity(4);
    file.by_ref().take(4).read_to_end(&mut head)?;
    let (is_gzip, is_zstd) = (is_gzip(&head), is_zstd(&head));
    let whole = Cursor::new(head).chain(file);
    if is_gzip {
        Ok(Box::new(MultiGzDecoder::new(BufReader::with_capacity(COMPRESSED_BLOCK, whole))))
    } else if is_zstd {
        Ok(Box::new(Zstd::new(BufReader::with_capacity(COMPRESSED_BLOCK, whole))))
    } else {
        Ok(Box::new(whole))
    }
}

/// Whether a file that begins so is compressed.
pub fn is_compressed(head: &[u8]) -> bool {
    is_gzip(head) || is_zstd(head)
}

/// Whether a file, which is no pipe, is compressed.
pub fn is_compressed_file(file: &Path) -> std::io::Result<bool> {
    let mut head = Vec::with_capacity(4);
    File::open(file)?.take(4).read_to_end(&mut head)?;
    Ok(is_compressed(&head))
}

fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b])
}

fn is_zstd(head: &[u8]) -> bool {
    // A frame that is to be skipped may come first, as parallel compressors write it.
    matches!(head, [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}

/// All frames of a Zstandard file, one after the other, with their checksums.
struct Zstd<R> {
    source: R,
    decoder: FrameDecoder,
    is_in_frame: bool,
}

impl<R: BufRead> Zstd<R> {
    fn new(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), is_in_frame: false }
    }

    /// Begins the next frame; false at the end of the file.
    fn begin(&mut self) -> std::io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let skipped = std::io::copy(&mut self.source.by_ref().take(length.into()), &mut std::io::sink())?;
                    if skipped < length.into() {
                        return Err(std::io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(std::io::Error::other(error)),
            }
        }
        Ok(false)
    }

    fn check(&self) -> std::io::Result<()> {
        let (written, computed) = (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum());
        if written.is_some() && written != computed {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "the checksum of a frame is wrong"));
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if !self.is_in_frame {
                if !self.begin()? {
                    return Ok(0);
                }
                self.is_in_frame = true;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let strategy = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.source, strategy).map_err(std::io::Error::other)?;
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.check()?;
            self.is_in_frame = false;
        }
    }
}
