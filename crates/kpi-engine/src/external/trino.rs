//! Trino's statement interface: each answer says where the next one is.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use futures_util::StreamExt as _;
use futures_util::stream;
use metrics_core::kpi::{Authentication, ExternalSource};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use tokio::runtime::Handle;
use url::Url;

use super::rows::{self, Cell};
use super::{ExternalError, ExternalTable, REQUEST_TIMEOUT, Rows, SqlEngine, cut, information, understood};
use crate::http::{HttpClient, Repeat};
use crate::pending::{Counted, Pending};
use crate::remote::Dialect;

/// Who asks, where the source names nobody.
const DEFAULT_USER: &str = "reporter-kpi";

/// Pauses while the query has not come to rows; the coordinator itself waits up to a second before it says so.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A Trino coordinator.
#[derive(Debug)]
pub(super) struct Trino {
    client: Arc<Client>,
    catalog: Option<String>,
}

#[derive(Debug)]
struct Client {
    http: HttpClient,
    headers: HeaderMap,
    pending: Pending,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    next_uri: Option<String>,
    #[serde(default)]
    columns: Option<Vec<Column>>,
    #[serde(default)]
    data: Option<Vec<Vec<Cell>>>,
    #[serde(default)]
    error: Option<Failure>,
}

#[derive(Debug, Deserialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    message: String,
    #[serde(default)]
    error_name: Option<String>,
}

impl Trino {
    pub(super) fn connect(source: &ExternalSource) -> Result<Self, ExternalError> {
        let authentication = match (&source.user, &source.password) {
            (Some(user), Some(password)) => {
                Some(Authentication::Basic { user: user.clone(), password: password.clone() })
            }
            _ => None,
        };
        let http = HttpClient::new(&source.url, authentication.as_ref(), REQUEST_TIMEOUT)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert("x-trino-source", HeaderValue::from_static("reporter-kpi"));
        let settings = [
            ("x-trino-user", Some(source.user.as_deref().unwrap_or(DEFAULT_USER))),
            ("x-trino-catalog", source.catalog.as_deref()),
            ("x-trino-schema", source.schema.as_deref()),
        ];
        for (name, value) in settings {
            let Some(value) = value else { continue };
            let value = HeaderValue::try_from(value)
                .map_err(|_| ExternalError::Failed(format!("{name} cannot hold `{}`", cut(value))))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        let client = Arc::new(Client { http, headers, pending: Pending::default() });
        Ok(Self { client, catalog: source.catalog.clone() })
    }
}

impl Client {
    async fn request(&self, method: Method, url: Url, body: Option<String>) -> Result<Answer, ExternalError> {
        let name = format!("{method} {}", url.path());
        let reply = self.http.send(method, url, self.headers.clone(), body, Repeat::WhenBusy).await?;
        understood(&name, &reply)
    }

    /// Where the next answer is, if there is one.
    fn next(&self, answer: &Answer) -> Result<Option<Url>, ExternalError> {
        let Some(next) = &answer.next_uri else { return Ok(None) };
        let wrong = |reason| ExternalError::Malformed { request: "nextUri".to_owned(), reason };
        let next = Url::parse(next).map_err(|error| wrong(error.to_string()))?;
        if next.origin() != self.http.address(&[], &[]).origin() {
            // The credentials go with each request.
            return Err(wrong(format!("it leads to another server, {}", next.host_str().unwrap_or_default())));
        }
        Ok(Some(next))
    }
}

/// A query under way, which is cancelled when it is dropped before its end.
struct Running {
    client: Arc<Client>,
    runtime: Handle,
    next: Option<Url>,
    /// Until it is cancelled, if it has to be.
    _counted: Counted,
}

impl Running {
    async fn start(client: Arc<Client>, sql: String) -> Result<(Self, Answer), ExternalError> {
        let counted = client.pending.enter();
        let address = client.http.address(&["v1", "statement"], &[]);
        let answer = client.request(Method::POST, address, Some(sql)).await?;
        let next = client.next(&answer)?;
        Ok((Self { client, runtime: Handle::current(), next, _counted: counted }, answer))
    }

    async fn follow(&mut self) -> Result<Option<Answer>, ExternalError> {
        let Some(next) = self.next.clone() else { return Ok(None) };
        let answer = self.client.request(Method::GET, next, None).await?;
        self.next = self.client.next(&answer)?;
        Ok(Some(answer))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(next) = self.next.take() else { return };
        let client = Arc::clone(&self.client);
        self.client.pending.spawn(&self.runtime, async move {
            let cancel = client.http.send(Method::DELETE, next, client.headers.clone(), None, Repeat::WhenBusy);
            if let Err(error) = cancel.await {
                tracing::warn!("a query was not cancelled: {error}");
            }
        });
    }
}

/// A result as it is read.
struct Reading {
    running: Running,
    schema: Option<SchemaRef>,
    /// Which columns come filled up with blanks.
    padded: Vec<bool>,
    /// Rows that came and were not given on yet.
    data: Vec<Vec<Cell>>,
    most_rows: usize,
    read: usize,
    pause: Duration,
}

impl Reading {
    async fn take(&mut self, answer: Answer) -> Result<(), ExternalError> {
        if let Some(Failure { message, error_name }) = answer.error {
            let name = error_name.map(|name| format!("{name}: ")).unwrap_or_default();
            return Err(ExternalError::Failed(cut(&format!("{name}{message}"))));
        }
        if let (None, Some(columns)) = (&self.schema, answer.columns) {
            self.padded = columns.iter().map(|column| rows::is_padded(&column.kind)).collect();
            let kind = |column: &Column| rows::value_type(&column.kind, None, None);
            self.schema = Some(rows::schema(columns.iter().map(|column| (column.name.as_str(), kind(column)))));
        }
        match answer.data {
            Some(data) => self.data = data,
            None if self.running.next.is_some() => {
                tokio::time::sleep(self.pause).await;
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            }
            None => {}
        }
        Ok(())
    }

    /// Takes the next answer; false if there is none.
    async fn follow(&mut self) -> Result<bool, ExternalError> {
        match self.running.follow().await? {
            Some(answer) => self.take(answer).await.map(|()| true),
            None => Ok(false),
        }
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>, ExternalError> {
        while self.read < self.most_rows {
            let mut data = std::mem::take(&mut self.data);
            if let Some(schema) = &self.schema
                && !data.is_empty()
            {
                data.truncate(self.most_rows - self.read);
                self.read += data.len();
                return rows::unpadded(rows::batch(schema, &data)?, &self.padded).map(Some);
            }
            if !self.follow().await? {
                break;
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl SqlEngine for Trino {
    async fn query(&self, sql: &str, most_rows: usize) -> Result<Rows, ExternalError> {
        // A task, so that a query that begins while nobody waits any more is known, and cancelled.
        let task = tokio::spawn(Running::start(Arc::clone(&self.client), sql.to_owned()));
        let (running, answer) = task.await.map_err(|error| ExternalError::Interrupted(error.to_string()))??;
        let (schema, padded, data, read, pause) = (None, Vec::new(), Vec::new(), 0, FIRST_PAUSE);
        let mut reading = Reading { running, schema, padded, data, most_rows, read, pause };
        reading.take(answer).await?;
        while reading.schema.is_none() && reading.follow().await? {}
        let schema = reading.schema.clone().unwrap_or_else(|| Arc::new(Schema::empty()));
        let batches =
            stream::try_unfold(reading, async |mut reading| Ok(reading.next().await?.map(|batch| (batch, reading))));
        Ok(Rows { schema, batches: batches.boxed() })
    }

    async fn tables(&self, named: &[[String; 2]]) -> Result<Vec<ExternalTable>, ExternalError> {
        let catalog = self.catalog.as_ref().ok_or(ExternalError::Unset("catalog"))?;
        // Names have small letters there.
        let named: Vec<_> = named.iter().map(|names| names.each_ref().map(|name| name.to_lowercase())).collect();
        let text = information::text(include_str!("trino_columns.sql"), &named, ["table_schema", "table_name"], false)?;
        let mut found = information::read(self.query(&text, usize::MAX).await?).await?;
        for table in &mut found {
            table.path = vec![catalog.clone(), table.schema.clone(), table.name.clone()];
        }
        Ok(found)
    }

    fn dialect(&self) -> Dialect {
        Dialect::Trino
    }

    async fn settle(&self) {
        self.client.pending.settle().await;
    }
}
