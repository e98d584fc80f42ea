//! Fast reading of CSV files that may be large: by blocks of whole records, which any thread may take.
//!
//! RFC 4180: comma, quotes, LF or CRLF; a byte order mark and empty lines are passed over. Columns are found by the
//! names in the header. Files compressed by gzip or Zstandard are known by how they begin, whatever their name.

mod columns;
mod decompress;
mod error;
mod records;
mod source;
mod tail;
#[cfg(test)]
mod tests;

pub use columns::Columns;
pub use decompress::is_compressed_file;
pub use error::ReadError;
pub use records::for_each_record;
pub use source::{Block, Source};
pub use tail::last_records;
