//! A CSV file (RFC 4180): appended to while its header stays, written anew and renamed into its place when it grows.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use ::csv::{ReaderBuilder, Terminator, WriterBuilder};
use metrics_core::kpi::{Cell, Formulas, LAST_VALUE, LONGEST_CELL, layout, looks_like_formula};

use super::{Delivered, RunRow, SinkError, cells, is_later, target, temporary_beside};

/// So long is waited for whoever else writes the file.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Between two looks whether they are done.
const PAUSE: Duration = Duration::from_millis(50);

/// Adds the row of a run, or replaces it where it is resent. Waits for whoever else writes the file.
pub fn deliver(path: &Path, row: &RunRow) -> Result<Delivered, SinkError> {
    let failed = |error: io::Error| SinkError::new(format!("cannot write {}: {error}", path.display()));
    let path = &target(path);
    let lock = lock(path).map_err(failed)?;
    let unreadable = |reason| SinkError::new(format!("cannot read {}: {reason}", path.display()));
    let (records, ends_in_line) = read(path).map_err(unreadable)?;
    let header: Vec<String> =
        records.first().map(|header| header.iter().map(|name| unquoted(name)).collect()).unwrap_or_default();
    let (cells, mut warnings) = cells(&row.values, LONGEST_CELL);
    let known = row.known.iter().map(String::as_str).collect();
    let laid =
        layout(&header, &cells, &known).map_err(|error| SinkError::new(format!("{}: {error}", path.display())))?;
    warnings.extend(laid.warnings);

    let mut line: Vec<String> = laid.row.iter().map(field).collect();
    line[0].clone_from(&row.date_time);
    let after = changed(&records, &laid.header, &line, row);
    let added = after.len().checked_sub(1).filter(|kept| after[..*kept] == records[..] && ends_in_line);
    match added {
        Some(kept) => append(path, &after[kept..]),
        None => rewrite(path, &after),
    }
    .map_err(failed)?;
    drop(lock);
    Ok(Delivered { attempts: 1, warnings: warnings.iter().map(ToString::to_string).collect() })
}

/// All records as they are to be: header, formulas, the rows that were there, and the new one.
fn changed(records: &[Vec<String>], header: &[String], line: &[String], row: &RunRow) -> Vec<Vec<String>> {
    let mut after = vec![header.iter().map(|name| quoted(name)).collect::<Vec<_>>()];
    let (formulas_before, rows) = match records.get(1) {
        Some(second) if second.first().is_some_and(|first| first == LAST_VALUE) => (Some(second), &records[2..]),
        _ => (None, records.get(1..).unwrap_or_default()),
    };
    let formulas = header.iter().enumerate().map(|(column, name)| {
        match (column, row.is_ours(name)) {
            (0, _) => LAST_VALUE.to_owned(),
            (_, true) => Formulas::Workbook.last_value(column),
            // What somebody else made of a column of theirs.
            (_, false) => formulas_before.and_then(|before| before.get(column)).cloned().unwrap_or_default(),
        }
    });
    after.push(formulas.collect());
    let is_there = row.is_resend && rows.iter().any(|existing| existing.first() == Some(&row.date_time));
    let mut is_placed = false;
    for existing in rows {
        let date_time = existing.first().map_or("", String::as_str);
        if is_there && !is_placed && date_time == row.date_time {
            after.push(resent(existing, header, line, row));
            is_placed = true;
        } else {
            // One that had not arrived comes before the later ones: the last value is that of the newest run.
            if row.is_resend && !is_there && !is_placed && is_later(date_time, &row.date_time) {
                after.push(line.to_vec());
                is_placed = true;
            }
            let mut existing = existing.clone();
            existing.resize(existing.len().max(header.len()), String::new());
            after.push(existing);
        }
    }
    if !is_placed {
        after.push(line.to_vec());
    }
    after
}

/// The new record in the place of one that was there, whose columns that are not ours stay as they are.
fn resent(existing: &[String], header: &[String], line: &[String], row: &RunRow) -> Vec<String> {
    let mut record = existing.to_vec();
    record.resize(record.len().max(line.len()), String::new());
    for ((field, new), name) in record.iter_mut().zip(line).zip(header) {
        if *name == header[0] || row.is_ours(name) {
            field.clone_from(new);
        }
    }
    record
}

/// Held while the file is read and written, in a file of its own: renaming takes a lock on the file itself away.
fn lock(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new().create(true).append(true).open(&name)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if start.elapsed() < LONGEST_WAIT => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                let name = Path::new(&name).display();
                return Err(io::Error::other(format!("another program has held {name} for {LONGEST_WAIT:?}")));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Records, and whether what is appended begins a line of its own.
fn read(path: &Path) -> Result<(Vec<Vec<String>>, bool), String> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), false)),
        Err(error) => return Err(error.to_string()),
    };
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let records = reader.records().map(|record| Ok(record?.iter().map(str::to_owned).collect()));
    let records = records.collect::<Result<_, ::csv::Error>>().map_err(|error| error.to_string())?;
    Ok((records, bytes.ends_with(b"\n")))
}

fn append(path: &Path, records: &[Vec<String>]) -> io::Result<()> {
    // One write: whoever reads meanwhile sees no part of a line.
    let mut file = OpenOptions::new().append(true).open(path)?;
    let length = file.metadata()?.len();
    let written = file.write_all(&encode(records)?).and_then(|()| file.sync_data());
    if written.is_err() {
        // A disk that is full takes a part of a row.
        file.set_len(length)?;
    }
    written
}

fn rewrite(path: &Path, records: &[Vec<String>]) -> io::Result<()> {
    let mut file = temporary_beside(path)?;
    file.write_all(&encode(records)?)?;
    file.as_file().sync_data()?;
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}

fn encode(records: &[Vec<String>]) -> io::Result<Vec<u8>> {
    let mut writer = WriterBuilder::new().flexible(true).terminator(Terminator::CRLF).from_writer(Vec::new());
    for record in records {
        writer.write_record(record)?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Number(digits) => digits.clone(),
        Cell::Text(text) => quoted(text),
    }
}

/// `text` with an apostrophe where a spreadsheet would take it for a formula, and where it has one of its own before such.
fn quoted(text: &str) -> String {
    if looks_like_formula(text.trim_start_matches('\'')) { format!("'{text}") } else { text.to_owned() }
}

/// The text that [`quoted`] was given.
fn unquoted(text: &str) -> String {
    let is_quoted = |rest: &&str| looks_like_formula(rest.trim_start_matches('\''));
    text.strip_prefix('\'').filter(is_quoted).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use metrics_core::kpi::Form;

    use super::super::RunValue;
    use super::*;

    fn row(date_time: &str, values: &[(&str, Option<&str>)]) -> RunRow {
        let values = values.iter().map(|(name, value)| RunValue {
            name: (*name).to_owned(),
            form: if value.is_some_and(|value| value.starts_with('[')) { Form::Rows } else { Form::Count },
            value: value.map(str::to_owned),
        });
        RunRow {
            date_time: date_time.to_owned(),
            values: values.collect(),
            known: ["old".into()].into(),
            is_resend: false,
        }
    }

    /// Run, add a KPI, fail one, drop one, rename a header by hand, resend.
    #[test]
    fn the_file_grows_as_the_definitions_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out/kpi.csv");
        deliver(&path, &row("2026-11-20 01:00:00", &[("a", Some("1")), ("=b", Some("\"=1+1\""))])).unwrap();
        let formula = |column: &str| {
            format!(
                "\"=IFERROR(LOOKUP(2,1/({column}3:{column}1048576<>\"\"\"\"),{column}3:{column}1048576),\"\"\"\")\""
            )
        };
        let first = format!(
            "Date time,a,'=b\r\nLast value,{},{}\r\n2026-11-20 01:00:00,1,'=1+1\r\n",
            formula("B"),
            formula("C")
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), first);

        deliver(&path, &row("2026-11-21 01:00:00", &[("a", None), ("=b", Some("null"))])).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{first}2026-11-21 01:00:00,,\r\n"));

        deliver(&path, &row("2026-11-22 01:00:00", &[("c", Some("[{\"x\":1}]")), ("a", Some("-3"))])).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let grown = format!(
            "Date time,a,'=b,c\r\nLast value,{},{},{}\r\n2026-11-20 01:00:00,1,'=1+1,\r\n2026-11-21 01:00:00,,,\r\n\
             2026-11-22 01:00:00,-3,,\"[{{\"\"x\"\":1}}]\"\r\n",
            formula("B"),
            formula("C"),
            formula("D")
        );
        assert_eq!(text, grown);

        let resent = RunRow { is_resend: true, ..row("2026-11-21 01:00:00", &[("a", Some("2"))]) };
        deliver(&path, &resent).unwrap();
        let expected = grown.replace("2026-11-21 01:00:00,,,", "2026-11-21 01:00:00,2,,");
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        deliver(&path, &resent).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2, "the file and its lock");
    }

    #[test]
    fn what_is_sent_late_comes_to_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kpi.csv");
        for day in [20, 23] {
            deliver(&path, &row(&format!("2026-11-{day} 01:00:00"), &[("a", Some("1"))])).unwrap();
        }
        let late = |day: u32| RunRow {
            is_resend: true,
            ..row(&format!("2026-11-{day} 01:00:00"), &[("a", Some(&day.to_string()))])
        };
        for day in [21, 19, 24, 21] {
            deliver(&path, &late(day)).unwrap();
        }
        let text = fs::read_to_string(&path).unwrap();
        let rows: Vec<_> = text.lines().skip(2).collect();
        let expected = ["19 01:00:00,19", "20 01:00:00,1", "21 01:00:00,21", "23 01:00:00,1", "24 01:00:00,24"];
        assert_eq!(rows, expected.map(|row| format!("2026-11-{row}")));
    }

    #[test]
    fn names_and_texts_with_apostrophes_come_back_as_they_were() {
        for text in ["=b", "'=b", "''=b", "'b", "b", "-1", "'-1", ""] {
            assert_eq!(unquoted(&quoted(text)), text);
            assert!(!looks_like_formula(&quoted(text)), "{text}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kpi.csv");
        for day in [20, 21] {
            deliver(&path, &row(&format!("2026-11-{day} 01:00:00"), &[("'=b", Some("1")), ("=b", Some("2"))])).unwrap();
        }
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("Date time,''=b,'=b\r\n") && text.ends_with("2026-11-21 01:00:00,1,2\r\n"), "{text}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_written_anew_stays_where_it_is_and_as_readable_as_it_was() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("real.csv"), folder.path().join("kpi.csv"));
        deliver(&path, &row("2026-11-20 01:00:00", &[("a", Some("1"))])).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&path, &link).unwrap();
        deliver(&link, &row("2026-11-21 01:00:00", &[("a", Some("1")), ("b", Some("2"))])).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().0.len(), 4);
    }

    #[test]
    fn a_header_changed_by_hand_is_left_alone_and_a_foreign_file_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kpi.csv");
        fs::write(&path, "Date time,A!,old\nLast value,by hand,\n2026-11-20 01:00:00,1,2").unwrap();
        let delivered = deliver(&path, &row("2026-11-21 01:00:00", &[("a", Some("1"))])).unwrap();
        assert_eq!(delivered.warnings, ["column B is called `A!`, which no KPI of this run is; it is left alone"]);
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            (lines[0], lines[2], lines[3]),
            ("Date time,A!,old,a", "2026-11-20 01:00:00,1,2,", "2026-11-21 01:00:00,,,1")
        );
        assert!(lines[1].starts_with("Last value,by hand,\"=IFERROR(LOOKUP(2,1/(C3:C1048576"), "{}", lines[1]);

        // Sent again, what others wrote beside it stays.
        let remarked = text.replace("2026-11-21 01:00:00,,,1", "2026-11-21 01:00:00,a holiday,,1,beyond");
        fs::write(&path, &remarked).unwrap();
        let resent = RunRow { is_resend: true, ..row("2026-11-21 01:00:00", &[("a", Some("5"))]) };
        deliver(&path, &resent).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), remarked.replace("a holiday,,1", "a holiday,,5"));

        fs::write(&path, "name;value\n").unwrap();
        let error = deliver(&path, &row("2026-11-21 01:00:00", &[])).unwrap_err();
        assert!(error.message.contains("the first column is called `name;value`"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "name;value\n");
        let folder_error = deliver(folder.path(), &row("2026-11-21 01:00:00", &[])).unwrap_err();
        assert!(folder_error.message.contains("cannot read"), "{folder_error}");
    }

    #[test]
    fn several_writers_wait_for_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kpi.csv");
        std::thread::scope(|scope| {
            for number in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    let name = format!("n{number}");
                    deliver(path, &row(&format!("2026-11-21 01:00:0{number}"), &[(&name, Some("1"))])).unwrap();
                });
            }
        });
        let (records, _) = read(&path).unwrap();
        assert_eq!(records.len(), 10);
        assert!(records.iter().all(|record| record.len() == 9));
    }
}
