//! Blocks of any size against a slow reader, and what real files look like.

use std::io::{Cursor, Write as _};
use std::path::Path;

use proptest::prelude::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::decompress::decompressed;
use super::source::{Block, Source};
use super::{ReadError, for_each_record};

const WANTED: [&[&str]; 2] = [&["a"], &["b", "bee"]];

type Records = Vec<Option<[String; 2]>>;

/// Records of a file read by blocks of this size.
fn records(bytes: &[u8], block_size: usize, longest: usize) -> Result<Records, ReadError> {
    let reader = decompressed(Cursor::new(bytes.to_vec())).expect("memory can be read");
    let (columns, mut source) = Source::of(Path::new("file.csv"), reader, WANTED, block_size, longest)?;
    let mut all = Vec::new();
    let mut block = Block::default();
    while source.next_block(&mut block)? {
        for_each_record(&block, &columns, |_, fields| {
            all.push(fields.map(|fields| fields.map(|field| String::from_utf8_lossy(field.trim_ascii()).into_owned())));
        });
    }
    Ok(all)
}

fn read(text: &str) -> Records {
    records(text.as_bytes(), 1 << 18, 1 << 20).expect("a file with these columns")
}

fn row(a: &str, b: &str) -> [String; 2] {
    [a.to_owned(), b.to_owned()]
}

/// Fields of the records of a text, the slow way: character by character, looking at the rest.
fn slow_records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let mut fields = Vec::new();
        let whole = rest;
        loop {
            let mut field = String::new();
            if let Some(quoted) = rest.strip_prefix('"') {
                rest = quoted;
                while let Some(next) = rest.chars().next() {
                    if let Some(after) = rest.strip_prefix("\"\"") {
                        field.push('"');
                        rest = after;
                    } else if let Some(after) = rest.strip_prefix('"') {
                        rest = after;
                        break;
                    } else {
                        field.push(next);
                        rest = &rest[next.len_utf8()..];
                    }
                }
            }
            let end = rest.find([',', '\n']).unwrap_or(rest.len());
            field.push_str(&rest[..end]);
            rest = &rest[end..];
            fields.push(field);
            match rest.strip_prefix(',') {
                Some(after) => rest = after,
                None => break,
            }
        }
        rest = rest.strip_prefix('\n').unwrap_or(rest);
        let line = &whole[..whole.len() - rest.len()];
        if !matches!(line, "\n" | "\r\n" | "\r" | "") {
            records.push(fields);
        }
    }
    records
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn blocks_of_any_size_have_the_records_of_the_whole(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "a", "b", "xyz", "é", ",", ",", "\n", "\n", "\r\n", "\"", "\"\"", " ", "1,2", "3,4\n", "\"5\",\"6\"\r\n", "\r",
        ]), 0..60),
        block_size in 1..80_usize,
    ) {
        let text = pieces.concat();
        let file = format!("b,a\n{text}");
        let expected: Records = slow_records(&text)
            .into_iter()
            .map(|fields| <[String; 2]>::try_from(fields).ok().map(|[b, a]| [a, b].map(|field| field.trim_matches(|c: char| c.is_ascii_whitespace()).to_owned())))
            .collect();
        prop_assert_eq!(records(file.as_bytes(), block_size, 1 << 20).unwrap(), expected);
    }
}

#[test]
fn a_file_may_be_dressed_in_many_ways() {
    let expected = vec![Some(row("1", "2")), Some(row("3", "4"))];
    for text in [
        "a,b\n1,2\n3,4\n",
        "a,b\n1,2\n3,4",
        "\u{feff}a,b\r\n1,2\r\n3,4\r\n",
        "\r\n\n\u{20}a\t,B\n\n1 , 2\n\r\n\t3,4\n\n",
        "b,x,a\n2,,1\n4,\"x,\n\"\"y\",3\n",
        "\"a\",\"BEE\"\n\"1\",\"2\"\n\"3\",4",
        "A,bee\n1,\" 2 \"\n3,4\n",
    ] {
        assert_eq!(read(text), expected, "{text:?}");
    }
    assert_eq!(read("a,b\n"), vec![]);
    assert_eq!(read("a,b"), vec![]);
}

#[test]
fn a_record_with_more_or_fewer_fields_than_the_header_is_broken() {
    assert_eq!(
        read("a,b\n1\n1,2\n1,2,3\n,\n \n3,4\n"),
        vec![None, Some(row("1", "2")), None, Some(row("", "")), None, Some(row("3", "4"))]
    );
}

#[test]
fn a_quote_inside_a_field_is_itself_and_one_that_is_never_closed_takes_the_rest() {
    assert_eq!(read("a,b\n1\"2,3\"\n4,5\n"), vec![Some(row("1\"2", "3\"")), Some(row("4", "5"))]);
    assert_eq!(read("a,b\n1,2\n\"3,4\n5,6\n7,8\n"), vec![Some(row("1", "2")), None]);
}

#[test]
fn a_record_without_end_is_refused_and_what_follows_it_is_read() {
    let long = format!("a,b\n1,2\n{}\n3,4\n\"{}\n\",5\n6,7\n", "x".repeat(500), "\n".repeat(300));
    let expected = vec![Some(row("1", "2")), None, Some(row("3", "4")), None, Some(row("6", "7"))];
    for block_size in [1, 7, 64, 100] {
        assert_eq!(records(long.as_bytes(), block_size, 100).unwrap(), expected, "{block_size}");
    }
    assert!(records("x".repeat(500).as_bytes(), 10, 100).is_err());
}

#[test]
fn columns_must_be_there_once() {
    let error = |text: &str| records(text.as_bytes(), 64, 1 << 20).unwrap_err().to_string();
    assert_eq!(error("a,c\n1,2\n"), "file.csv: there is no column b or bee; the header is `a,c`");
    assert_eq!(error(""), "file.csv: there is no column a; the header is ``");
    assert_eq!(error("\n\r\n"), "file.csv: there is no column a; the header is ``");
    assert_eq!(error("a,b,BEE\n"), "file.csv: the column b or bee is there twice; the header is `a,b,BEE`");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

#[test]
fn compressed_files_are_read_whatever_their_parts() {
    let mut text = b"a,b\n".to_vec();
    for n in 0..20_000 {
        writeln!(text, "{n},{}", n * n).unwrap();
    }
    let expected = records(&text, 1 << 18, 1 << 20).unwrap();
    assert_eq!(expected.len(), 20_000);
    let (head, tail) = text.split_at(12_345);
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    for file in [
        gzip(&text),
        [gzip(head), gzip(tail)].concat(),
        zstd(&text),
        [zstd(head), skipped.clone(), zstd(tail)].concat(),
        [skipped, zstd(&text)].concat(),
    ] {
        assert_eq!(records(&file, 1 << 16, 1 << 20).unwrap(), expected);
        // Cut off, it is an error and not a shorter file.
        for length in [5, file.len() / 2, file.len() - 1] {
            assert!(records(&file[..length], 1 << 16, 1 << 20).is_err(), "{length} of {}", file.len());
        }
    }
}

#[test]
fn a_zstandard_checksum_is_held_against_the_content() {
    let mut file = zstd(b"a,b\n1,2\n");
    let last = file.len() - 1;
    file[last] ^= 1;
    assert!(matches!(records(&file, 64, 1 << 20), Err(ReadError::Read { .. })));
}
