//! Queries for another engine, which may have words of its own.

use datafusion::sql::sqlparser::ast::Query;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use metrics_core::kpi::Failure;

use super::{Tables, only_reads, single};
use crate::failure::plan;

/// The query, if the text is a single SELECT that only reads; `None` if it looks like one and is in other words than are
/// known here.
pub(crate) fn parse(sql: &str) -> Result<Option<Query>, Failure> {
    match Parser::parse_sql(&GenericDialect {}, sql) {
        Ok(statements) => {
            let query = single(statements)?;
            only_reads(&query, Tables::Any)?;
            Ok(Some(query))
        }
        Err(error) => {
            let refused = |what: &str| Err(plan(format!("{what}: a KPI is a single SELECT ({error})")));
            if !begins_as_query(sql) {
                return refused("it does not begin with SELECT or WITH");
            }
            // Engines differ in what a backslash does in a text.
            if [true, false].into_iter().any(|escapes| has_several(sql, escapes)) {
                return refused("there is a semicolon before its end");
            }
            Ok(None)
        }
    }
}

/// Whether the first word is SELECT or WITH.
fn begins_as_query(sql: &str) -> bool {
    let first = Pieces { rest: sql, escapes: false }.find_map(|piece| match piece {
        Piece::Comment => None,
        Piece::Text => Some(""),
        Piece::Plain(plain) => Some(plain.trim_start()).filter(|plain| !plain.is_empty()),
    });
    let first = first.unwrap_or_default();
    let word = first.split(|char: char| !char.is_alphanumeric() && char != '_').next().unwrap_or_default();
    ["select", "with"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether something follows a semicolon that is not part of a text, a name or a comment.
fn has_several(sql: &str, escapes: bool) -> bool {
    let mut is_ended = false;
    for piece in (Pieces { rest: sql, escapes }) {
        match piece {
            Piece::Text if is_ended => return true,
            Piece::Text | Piece::Comment => {}
            Piece::Plain(plain) => {
                for char in plain.chars().filter(|char| !char.is_whitespace()) {
                    if is_ended && char != ';' {
                        return true;
                    }
                    is_ended |= char == ';';
                }
            }
        }
    }
    false
}

/// Part of a text in SQL.
enum Piece<'a> {
    Comment,
    /// A text or a name in quotes.
    Text,
    Plain(&'a str),
}

struct Pieces<'a> {
    rest: &'a str,
    /// Whether a backslash takes away the meaning of a quote.
    escapes: bool,
}

impl<'a> Pieces<'a> {
    /// Takes as many bytes, or all that there is.
    fn take(&mut self, length: Option<usize>) -> &'a str {
        let (taken, rest) = self.rest.split_at(length.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// Where a text ends. A quote that is doubled ends one text and begins the next, which comes to the same.
    fn end_of_text(&self, quote: u8) -> Option<usize> {
        let mut bytes = self.rest.bytes().enumerate().skip(1);
        while let Some((at, byte)) = bytes.next() {
            if byte == quote {
                return Some(at + 1);
            }
            if byte == b'\\' && self.escapes {
                bytes.next();
            }
        }
        None
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let first = *self.rest.as_bytes().first()?;
        if self.rest.starts_with("--") {
            self.take(self.rest.find('\n'));
            return Some(Piece::Comment);
        }
        if self.rest.starts_with("/*") {
            self.take(self.rest[2..].find("*/").map(|at| at + 4));
            return Some(Piece::Comment);
        }
        if matches!(first, b'\'' | b'"' | b'`') {
            self.take(self.end_of_text(first));
            return Some(Piece::Text);
        }
        // A minus or a slash alone is as plain as the rest.
        let begins = |at: &usize| {
            let rest = &self.rest[*at..];
            rest.starts_with("--") || rest.starts_with("/*") || rest.starts_with(['\'', '"', '`'])
        };
        let next = self.rest.char_indices().map(|(at, _)| at).find(begins);
        Some(Piece::Plain(self.take(next)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_its_own_are_left_to_the_engine() {
        for sql in [
            "SELECT x FROM t MATCH_RECOGNIZE (WHATEVER (",
            "-- why\n/* and ; why */ with a as (select ((1) select ';' FROM \"a;b\" WHERE x = 'it''s;' ; -- end ;\n ;",
            r"SELECT '\\' (",
        ] {
            assert!(matches!(parse(sql), Ok(None)), "{sql}");
        }
        assert!(parse("SELECT approx_distinct(x) FROM TABLE(f(1)) AS t;").unwrap().is_some());
    }

    #[test]
    fn everything_else_than_one_query_is_refused() {
        for sql in [
            "",
            "DELETE FROM t",
            "SELECT 1; DELETE FROM t",
            "WITH d AS (DELETE FROM t RETURNING 1) SELECT 1 FROM d",
            "SELECT 1 INTO t",
            "SELECT * FROM t FOR UPDATE",
            "CREATE TABLE t AS SELECT 1",
            // What follows is not parsed here.
            "VACUUM TABLE t (",
            "REFRESH ((",
            "SELECTED (",
            "'SELECT' (",
            "SELECT ((; DELETE FROM t",
            "SELECT (( ';' ; 'x'",
            r"SELECT ( '\''; DELETE FROM t; --'",
            r"SELECT ( '\'; DELETE FROM t",
        ] {
            assert!(parse(sql).is_err(), "{sql}");
        }
    }
}
