//! Dremio's REST interface: a query is a job, which is asked after until it is done, and read in pages.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use futures_util::StreamExt as _;
use futures_util::stream;
use metrics_core::kpi::ExternalSource;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::rows::{self, Cell};
use super::{ExternalError, ExternalTable, REQUEST_TIMEOUT, Rows, SqlEngine, cut, information, understood};
use crate::http::{HttpClient, Repeat};
use crate::pending::{Counted, Pending};
use crate::remote::Dialect;

/// Rows of a page: more are refused.
const PAGE: usize = 500;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A Dremio server.
#[derive(Debug)]
pub(super) struct Dremio {
    client: Arc<Client>,
    /// Where names without a catalog are looked for.
    context: Vec<String>,
    /// What all tables are in.
    catalog: Option<String>,
}

#[derive(Debug)]
struct Client {
    http: HttpClient,
    /// With the token, once there is one.
    headers: HeaderMap,
    pending: Pending,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JobState {
    job_state: String,
    #[serde(default)]
    error_message: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    row_count: usize,
    schema: Vec<Column>,
    rows: Vec<BTreeMap<String, Box<RawValue>>>,
}

#[derive(Debug, Deserialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: ColumnType,
}

#[derive(Debug, Deserialize)]
struct ColumnType {
    name: String,
    #[serde(default)]
    precision: Option<u8>,
    #[serde(default)]
    scale: Option<i8>,
}

impl Dremio {
    pub(super) async fn connect(source: &ExternalSource) -> Result<Self, ExternalError> {
        #[derive(Deserialize)]
        struct Login {
            token: String,
        }
        let http = HttpClient::new(&source.url, None, REQUEST_TIMEOUT)?;
        let mut client = Client { http, headers: HeaderMap::new(), pending: Pending::default() };
        if let (Some(user), Some(password)) = (&source.user, &source.password) {
            let body = json!({ "userName": user, "password": password.expose() });
            let login: Login = client.request(Method::POST, &["apiv2", "login"], &[], Some(body)).await?;
            let mut value = HeaderValue::try_from(format!("_dremio{}", login.token)).map_err(|_| {
                let request = "POST /apiv2/login".to_owned();
                ExternalError::Malformed { request, reason: "its token cannot be sent".to_owned() }
            })?;
            value.set_sensitive(true);
            client.headers.insert(AUTHORIZATION, value);
        }
        let context = source.catalog.iter().chain(&source.schema).cloned().collect();
        Ok(Self { client: Arc::new(client), context, catalog: source.catalog.clone() })
    }
}

impl Client {
    async fn request<T: DeserializeOwned>(
        &self,
        method: Method,
        segments: &[&str],
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<T, ExternalError> {
        let name = format!("{method} /{}", segments.join("/"));
        let mut headers = self.headers.clone();
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let address = self.http.address(segments, query);
        let body = body.map(|body| body.to_string());
        let reply = self.http.send(method, address, headers, body, Repeat::WhenBusy).await?;
        understood(&name, &reply)
    }
}

/// A job, which is cancelled when it is dropped before it is done.
struct Job {
    client: Arc<Client>,
    runtime: Handle,
    id: String,
    is_done: bool,
    /// Until it is cancelled, if it has to be.
    _counted: Counted,
}

impl Job {
    async fn submit(client: Arc<Client>, sql: String, context: Vec<String>) -> Result<Self, ExternalError> {
        #[derive(Deserialize)]
        struct Submitted {
            id: String,
        }
        let counted = client.pending.enter();
        let mut body = json!({ "sql": sql });
        if !context.is_empty() {
            body["context"] = context.into();
        }
        let submitted: Submitted = client.request(Method::POST, &["api", "v3", "sql"], &[], Some(body)).await?;
        Ok(Self { client, runtime: Handle::current(), id: submitted.id, is_done: false, _counted: counted })
    }

    /// Waits for its end.
    async fn finish(&mut self) -> Result<(), ExternalError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let path = ["api", "v3", "job", &self.id];
            let state: JobState = self.client.request(Method::GET, &path, &[], None).await?;
            self.is_done = matches!(state.job_state.as_str(), "COMPLETED" | "FAILED" | "CANCELED");
            match state.job_state.as_str() {
                "COMPLETED" => return Ok(()),
                "FAILED" => return Err(ExternalError::Failed(cut(&state.error_message.unwrap_or_default()))),
                "CANCELED" => return Err(ExternalError::Cancelled),
                _ => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn page(&self, offset: usize, limit: usize) -> Result<Page, ExternalError> {
        let path = ["api", "v3", "job", &self.id, "results"];
        let (offset, limit) = (offset.to_string(), limit.to_string());
        self.client.request(Method::GET, &path, &[("offset", &offset), ("limit", &limit)], None).await
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let (client, id) = (Arc::clone(&self.client), self.id.clone());
        self.client.pending.spawn(&self.runtime, async move {
            let path = ["api", "v3", "job", &id, "cancel"];
            let cancel = client.http.send(
                Method::POST,
                client.http.address(&path, &[]),
                client.headers.clone(),
                None,
                Repeat::WhenBusy,
            );
            match cancel.await {
                Ok(reply) if reply.status.is_success() => {}
                Ok(reply) => tracing::warn!("job {id} was not cancelled: {}", reply.status),
                Err(error) => tracing::warn!("job {id} was not cancelled: {error}"),
            }
        });
    }
}

/// The pages of a job that is done.
struct Pages {
    job: Job,
    /// Of the first page, once that is taken.
    first: Option<Page>,
    schema: SchemaRef,
    most_rows: usize,
    read: usize,
    /// Known from the first page on.
    rows: usize,
}

impl Pages {
    async fn of(job: Job, most_rows: usize) -> Result<Self, ExternalError> {
        let first = job.page(0, PAGE.min(most_rows)).await?;
        let kind = |kind: &ColumnType| rows::value_type(&kind.name, kind.precision, kind.scale);
        let columns = first.schema.iter().map(|column| (column.name.as_str(), kind(&column.kind)));
        let (schema, rows) = (rows::schema(columns), first.row_count.min(most_rows));
        Ok(Self { job, first: Some(first), schema, most_rows, read: 0, rows })
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>, ExternalError> {
        let page = match self.first.take() {
            Some(page) => page,
            None if self.read == self.rows => return Ok(None),
            None => self.job.page(self.read, PAGE.min(self.most_rows - self.read)).await?,
        };
        let count = page.rows.len();
        if count == 0 && self.read < self.rows {
            let request = format!("GET /api/v3/job/{}/results", self.job.id);
            let reason = format!("{} of {} rows came", self.read, self.rows);
            return Err(ExternalError::Malformed { request, reason });
        }
        let names: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        let cells: Vec<Vec<Cell>> =
            page.rows.into_iter().map(|mut row| names.iter().map(|name| row.remove(*name)).collect()).collect();
        self.read = (self.read + count).min(self.rows);
        rows::batch(&self.schema, &cells).map(Some)
    }
}

impl Dremio {
    async fn start(&self, sql: &str, context: Vec<String>, most_rows: usize) -> Result<Rows, ExternalError> {
        // A task, so that a job that begins while nobody waits any more is known, and cancelled.
        let task = tokio::spawn(Job::submit(Arc::clone(&self.client), sql.to_owned(), context));
        let mut job = task.await.map_err(|error| ExternalError::Interrupted(error.to_string()))??;
        job.finish().await?;
        let pages = Pages::of(job, most_rows).await?;
        let schema = Arc::clone(&pages.schema);
        let batches = stream::try_unfold(pages, async |mut pages| Ok(pages.next().await?.map(|batch| (batch, pages))));
        Ok(Rows { schema, batches: batches.boxed() })
    }
}

#[async_trait]
impl SqlEngine for Dremio {
    async fn query(&self, sql: &str, most_rows: usize) -> Result<Rows, ExternalError> {
        self.start(sql, self.context.clone(), most_rows).await
    }

    async fn tables(&self, named: &[[String; 2]]) -> Result<Vec<ExternalTable>, ExternalError> {
        // Folders are parts of a schema, joined by points.
        let prefix = self.catalog.as_ref().map(|catalog| format!("{catalog}.")).unwrap_or_default();
        let named: Vec<_> = named.iter().map(|[schema, table]| [format!("{prefix}{schema}"), table.clone()]).collect();
        let text = information::text(include_str!("dremio_columns.sql"), &named, ["TABLE_SCHEMA", "TABLE_NAME"], true)?;
        let found = information::read(self.start(&text, Vec::new(), usize::MAX).await?).await?;
        let path = |schema: &str, name: &str| schema.split('.').chain([name]).map(str::to_owned).collect();
        let table = |mut table: ExternalTable| {
            table.path = path(&table.schema, &table.name);
            table.schema = table.schema.split_off(prefix.len());
            table
        };
        Ok(found.into_iter().map(table).collect())
    }

    fn dialect(&self) -> Dialect {
        Dialect::Dremio
    }

    async fn settle(&self) {
        self.client.pending.settle().await;
    }
}
