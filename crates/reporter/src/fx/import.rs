//! Rates from a file.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use metrics_core::money::{UsdRate, is_currency_code};
use rust_decimal::Decimal;

use super::provider::FetchedRate;

const HEADER: [&str; 3] = ["currency", "date", "usd"];

/// A file whose rates cannot be taken. Nothing of it was stored.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be opened or read, or is not UTF-8.
    #[error("cannot read {} as UTF-8 text", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The first line is not the header.
    #[error("{}, line 1: the header must be `currency,date,usd`, separated by commas; it is `{found}`", file.display())]
    Header {
        /// The file.
        file: PathBuf,
        /// What is there.
        found: String,
    },
    /// A field does not hold what its column is for.
    #[error("{}, line {line}, column {column}: {problem}", file.display())]
    Field {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Name of the column.
        column: &'static str,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A line does not have three fields.
    #[error(
        "{}, line {line}: {fields} fields instead of 3; write decimals with a point, and no separator for thousands",
        file.display()
    )]
    Fields {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: u64,
        /// How many there are.
        fields: usize,
    },
    /// Two lines for one currency and day.
    #[error("{}, line {line}: {currency} of {date} stands on line {first} already; remove one of the two", file.display())]
    Duplicate {
        /// The file.
        file: PathBuf,
        /// Line of the second, from 1.
        line: u64,
        /// Line of the first, from 1.
        first: u64,
        /// Currency of both.
        currency: String,
        /// Day of both.
        date: NaiveDate,
    },
}

/// The rates of a CSV file with the columns `currency`, `date` (YYYY-MM-DD) and `usd` (US dollars per one unit).
///
/// A byte order mark, either line ending, empty lines, quotes and spaces around fields, and codes in small letters
/// are taken. USD may stand in it with the rate 1, and is left out.
pub fn read_file(file: &Path) -> Result<Vec<FetchedRate>, ImportError> {
    let text =
        std::fs::read_to_string(file).map_err(|source| ImportError::Unreadable { file: file.to_owned(), source })?;
    read(file, &text)
}

fn read(file: &Path, text: &str) -> Result<Vec<FetchedRate>, ImportError> {
    // No field of ours can hold a comma, a quote or a line break, so a line is a record and its number is exact.
    let mut records = (1_u64..).zip(text.trim_start_matches('\u{feff}').lines());
    let header = records.next().map_or("", |(_, header)| header);
    if fields(header) != HEADER {
        return Err(ImportError::Header { file: file.to_owned(), found: header.to_owned() });
    }

    let mut rates = Vec::new();
    let mut lines: HashMap<(String, NaiveDate), u64> = HashMap::new();
    for (line, record) in records.filter(|(_, record)| !record.trim().is_empty()) {
        let rate = parse(file, line, record)?;
        if let Some(first) = lines.insert((rate.currency.clone(), rate.date), line) {
            let FetchedRate { currency, date, .. } = rate;
            return Err(ImportError::Duplicate { file: file.to_owned(), line, first, currency, date });
        }
        if rate.currency != "USD" {
            rates.push(rate);
        }
    }
    Ok(rates)
}

fn fields(record: &str) -> Vec<&str> {
    record.split(',').map(|field| field.trim().trim_matches('"').trim()).collect()
}

fn parse(file: &Path, line: u64, record: &str) -> Result<FetchedRate, ImportError> {
    let fields = fields(record);
    let [currency, date, usd] = fields[..] else {
        return Err(ImportError::Fields { file: file.to_owned(), line, fields: fields.len() });
    };
    let wrong = |column, problem| ImportError::Field { file: file.to_owned(), line, column, problem };

    let code = currency.to_ascii_uppercase();
    if !is_currency_code(&code) {
        return Err(wrong("currency", format!("`{currency}` is no currency code; write three letters such as NGN")));
    }
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d")
        .map_err(|_| wrong("date", format!("`{date}` is no date; write it as 2026-11-21")))?;
    let usd = Decimal::from_str_exact(usd)
        .or_else(|_| Decimal::from_scientific(usd))
        .map_err(|_| wrong("usd", format!("`{usd}` is no number; write US dollars per one unit, such as 0.0007")))?;
    let usd = UsdRate::new(usd)
        .map_err(|error| wrong("usd", format!("{error}; write US dollars per one {code}, not {code} per dollar")))?;
    if code == "USD" && usd.usd() != Decimal::ONE {
        return Err(wrong("usd", format!("one USD is 1 USD, not {}; remove the line", usd.usd())));
    }
    Ok(FetchedRate { currency: code, date, usd })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<String>, String> {
        let rates = read(Path::new("rates.csv"), text).map_err(|error| error.to_string())?;
        Ok(rates.iter().map(|rate| format!("{} {} {}", rate.currency, rate.date, rate.usd.usd())).collect())
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        let text = "\u{feff}currency, date ,usd\r\nNGN,2026-11-16,0.0007\r\n\r\n inr , 2026-11-16 ,\"1.2E-2\"\r\nUSD,2026-11-16,1.0\r\n";
        assert_eq!(read_text(text).unwrap(), ["NGN 2026-11-16 0.0007", "INR 2026-11-16 0.012"]);
        assert_eq!(read_text("currency,date,usd\n").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn each_mistake_is_named_with_its_place_and_what_to_do() {
        for (text, expected) in [
            ("currency,date,usd\nNGN,2026-11-16,\"1,000.5\"\n", "no separator for thousands"),
            ("", "line 1: the header must be `currency,date,usd`"),
            ("currency;date;usd\n", "it is `currency;date;usd`"),
            ("date,currency,usd\n", "it is `date,currency,usd`"),
            ("currency,date,usd,source\n", "it is `currency,date,usd,source`"),
            (
                "currency,date,usd\nNGN,2026-11-16,0,0007\n",
                "line 2: 4 fields instead of 3; write decimals with a point",
            ),
            ("currency,date,usd\nNGN,2026-11-16\n", "line 2: 2 fields instead of 3"),
            ("currency,date,usd\nNaira,2026-11-16,1\n", "line 2, column currency: `Naira` is no currency code"),
            ("currency,date,usd\n\nNGN,16/11/2026,1\n", "line 3, column date: `16/11/2026` is no date"),
            ("currency,date,usd\r\n\r\nNGN,2026-13-01,1\r\n", "line 3, column date: `2026-13-01` is no date"),
            ("currency,date,usd\nNGN,2026-02-30,1\n", "column date: `2026-02-30`"),
            ("currency,date,usd\nNGN,2026-11-16,about 1\n", "column usd: `about 1` is no number"),
            ("currency,date,usd\nNGN,2026-11-16,\n", "column usd: `` is no number"),
            ("currency,date,usd\nNGN,2026-11-16,NaN\n", "column usd: `NaN` is no number"),
            ("currency,date,usd\nNGN,2026-11-16,0\n", "column usd: 0 is not above 0; write US dollars per one NGN"),
            ("currency,date,usd\nNGN,2026-11-16,-1\n", "column usd: -1 is not above 0"),
            ("currency,date,usd\nUSD,2026-11-16,2\n", "one USD is 1 USD, not 2; remove the line"),
            (
                "currency,date,usd\nNGN,2026-11-16,1\nINR,2026-11-16,1\nngn,2026-11-16,1\n",
                "line 4: NGN of 2026-11-16 stands on line 2 already",
            ),
        ] {
            let error = read_text(text).unwrap_err();
            assert!(error.starts_with("rates.csv, line ") && error.contains(expected), "{error}");
        }
    }
}
