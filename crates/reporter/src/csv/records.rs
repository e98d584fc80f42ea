//! Blocks → records → fields.

use super::columns::Columns;
use super::source::Block;

/// Where in a record a byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum At {
    /// Before the first byte of a field, where a quote opens it.
    #[default]
    FieldStart,
    /// In a field without quotes, or after what was quoted in it.
    Plain,
    /// Between quotes.
    Quoted,
    /// After a quote between quotes: the end of what is quoted, or the first of two that mean one.
    Quote,
}

/// What a byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Byte {
    /// Part of the field's text.
    Text,
    /// A quote that opens or closes.
    Mark,
    /// The comma after a field.
    FieldEnd,
    /// The line feed after a record.
    RecordEnd,
}

impl At {
    /// What the next byte is; moves past it.
    pub const fn step(&mut self, byte: u8) -> Byte {
        let (next, what) = match (*self, byte) {
            (Self::FieldStart, b'"') => (Self::Quoted, Byte::Mark),
            (Self::Quoted, b'"') => (Self::Quote, Byte::Mark),
            (Self::Quote, b'"') | (Self::Quoted, _) => (Self::Quoted, Byte::Text),
            (_, b',') => (Self::FieldStart, Byte::FieldEnd),
            (_, b'\n') => (Self::FieldStart, Byte::RecordEnd),
            _ => (Self::Plain, Byte::Text),
        };
        *self = next;
        what
    }
}

/// Gives each record as it stands, and its wanted fields, untrimmed; `None` for a record with more or fewer fields than
/// the header. A record that is too long to be read stands there empty.
pub fn for_each_record<const N: usize>(
    block: &Block,
    columns: &Columns<N>,
    mut record: impl FnMut(&[u8], Option<[&[u8]; N]>),
) {
    for _ in 0..block.overlong {
        record(&[], None);
    }
    if block.has_quotes {
        quoted_records(block.records(), |text, fields| record(text, wanted(fields, columns)));
    } else {
        plain_records(block.records(), columns, record);
    }
}

/// Records of a block without any quote.
fn plain_records<const N: usize>(
    bytes: &[u8],
    columns: &Columns<N>,
    mut record: impl FnMut(&[u8], Option<[&[u8]; N]>),
) {
    let mut fields: [&[u8]; N] = [&[]; N];
    let (mut place, mut start, mut begin) = (0, 0, 0);
    for end in memchr::memchr2_iter(b',', b'\n', bytes) {
        let field = &bytes[start..end];
        start = end + 1;
        if let Some(wanted) = columns.wanted(place) {
            fields[wanted] = field;
        }
        place += 1;
        if bytes[end] == b'\n' {
            let is_blank = place == 1 && matches!(field, [] | [b'\r']);
            if !is_blank {
                record(&bytes[begin..end], (place == columns.count()).then_some(fields));
            }
            (place, begin) = (0, start);
        }
    }
}

/// All records of a block, which may have quotes, and their fields. Not for blank lines.
pub fn quoted_records(bytes: &[u8], mut record: impl FnMut(&[u8], &[&[u8]])) {
    let mut at = At::default();
    // Text of the fields of one record, without their marks, and where each ends.
    let (mut text, mut ends) = (Vec::new(), Vec::new());
    let (mut is_blank, mut begin) = (true, 0);
    let mut finish = |text: &mut Vec<u8>, ends: &mut Vec<usize>, is_blank: &mut bool, whole: &[u8]| {
        ends.push(text.len());
        if !*is_blank {
            let starts = [0].into_iter().chain(ends.iter().copied());
            record(whole, &starts.zip(&*ends).map(|(start, end)| &text[start..*end]).collect::<Vec<_>>());
        }
        text.clear();
        ends.clear();
        *is_blank = true;
    };
    for (index, byte) in bytes.iter().enumerate() {
        match at.step(*byte) {
            Byte::Text => {
                text.push(*byte);
                is_blank &= *byte == b'\r' && text.len() == 1;
            }
            Byte::Mark => is_blank = false,
            Byte::FieldEnd => {
                ends.push(text.len());
                is_blank = false;
            }
            Byte::RecordEnd => {
                finish(&mut text, &mut ends, &mut is_blank, &bytes[begin..index]);
                begin = index + 1;
            }
        }
    }
    // Only the last record of a file can lack its end, when a quote in it is never closed.
    if !is_blank {
        finish(&mut text, &mut ends, &mut is_blank, &bytes[begin..]);
    }
}

fn wanted<'a, const N: usize>(fields: &[&'a [u8]], columns: &Columns<N>) -> Option<[&'a [u8]; N]> {
    if fields.len() != columns.count() {
        return None;
    }
    let mut all: [&[u8]; N] = [&[]; N];
    for (place, field) in fields.iter().enumerate() {
        if let Some(wanted) = columns.wanted(place) {
            all[wanted] = field;
        }
    }
    Some(all)
}
