//! Files of SQL.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor};
use std::path::Path;
use std::pin::pin;

use flate2::read::GzDecoder;
use futures_util::SinkExt as _;
use tokio_postgres::Client;

use super::fail;

/// Runs the file at `path` as `psql` would, as far as `pg_dump` needs it.
pub(super) async fn load(client: &Client, path: &Path) {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines: Box<dyn Iterator<Item = String> + Send> = if path.extension().is_some_and(|end| end == "gz") {
        Box::new(BufReader::new(GzDecoder::new(file)).lines().map(Result::unwrap))
    } else {
        Box::new(BufReader::new(file).lines().map(Result::unwrap))
    };
    let mut sql = String::new();
    while let Some(line) = lines.next() {
        if line.starts_with("COPY ") && line.trim_end().ends_with("FROM stdin;") {
            execute(client, &std::mem::take(&mut sql)).await;
            let rows: Vec<String> = lines.by_ref().take_while(|row| row != "\\.").collect();
            copy(client, &line, &rows).await;
        } else if !line.starts_with('\\') {
            // Lines that start with a backslash are psql's.
            sql.push_str(&line);
            sql.push('\n');
        }
    }
    execute(client, &sql).await;
}

async fn execute(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap_or_else(|error| fail(sql, &error));
}

async fn copy(client: &Client, statement: &str, rows: &[String]) {
    let attempt = async {
        let mut sink = pin!(client.copy_in(statement).await?);
        for chunk in rows.chunks(1000) {
            let mut text = chunk.join("\n");
            text.push('\n');
            sink.send(Cursor::new(text.into_bytes())).await?;
        }
        sink.finish().await
    };
    let copied: Result<u64, tokio_postgres::Error> = attempt.await;
    copied.unwrap_or_else(|error| fail(statement, &error));
}
