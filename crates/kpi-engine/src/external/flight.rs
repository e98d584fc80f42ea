//! Flight SQL: a query gives endpoints, each of which is a stream of batches of Arrow.

mod location;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::CommandGetTables;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::{CancelFlightInfoRequest, FlightClient, FlightEndpoint, FlightInfo, IpcMessage};
use async_trait::async_trait;
use datafusion::arrow::array::{Array as _, AsArray as _, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use metrics_core::kpi::ExternalSource;
use tokio::runtime::Handle;
use tonic::Code;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};

use self::location::Location;
use super::{ExternalError, ExternalTable, REQUEST_TIMEOUT, Rows, SqlEngine, cut};
use crate::failure::chain;
use crate::http::CONNECT_TIMEOUT;
use crate::pending::{Counted, Pending};
use crate::remote::{Column, Dialect, Kind};

/// A message may hold a whole batch, of which no server says how large it makes them.
const LARGEST_MESSAGE: usize = 256 << 20;

/// A server of Flight SQL.
pub(super) struct FlightSql {
    server: Server,
    /// What all tables are in.
    catalog: Option<String>,
    pending: Pending,
}

impl fmt::Debug for FlightSql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client shows its token.
        write!(f, "FlightSql({})", self.server.location)
    }
}

/// A connection, and who asks.
#[derive(Clone)]
struct Server {
    location: Location,
    client: FlightSqlServiceClient<Channel>,
}

impl FlightSql {
    pub(super) async fn connect(source: &ExternalSource) -> Result<Self, ExternalError> {
        let location = Location::parse(&source.url)
            .map_err(|reason| ExternalError::Malformed { request: "url".to_owned(), reason })?;
        let mut server = Server::connect(location).await?;
        match (&source.user, &source.password) {
            (Some(user), Some(password)) => server.log_in(user, password.expose()).await?,
            // A token that needs no exchange.
            (None, Some(token)) => server.client.set_token(token.expose().to_owned()),
            _ => {}
        }
        Ok(Self { server, catalog: source.catalog.clone(), pending: Pending::default() })
    }
}

impl Server {
    async fn connect(location: Location) -> Result<Self, ExternalError> {
        let unreachable = |error: tonic::transport::Error| ExternalError::Unreachable {
            target: location.target(),
            reason: chain(&error),
        };
        let mut endpoint = Endpoint::from_shared(location.address()).map_err(unreachable)?;
        endpoint = endpoint.connect_timeout(CONNECT_TIMEOUT);
        if location.is_encrypted {
            endpoint = endpoint.tls_config(ClientTlsConfig::new().with_native_roots()).map_err(unreachable)?;
        }
        let channel = endpoint.connect().await.map_err(unreachable)?;
        let inner = FlightServiceClient::new(channel).max_decoding_message_size(LARGEST_MESSAGE);
        Ok(Self { client: FlightSqlServiceClient::new_from_inner(inner), location })
    }

    async fn log_in(&mut self, user: &str, password: &str) -> Result<(), ExternalError> {
        let greeted = tokio::time::timeout(REQUEST_TIMEOUT, self.client.handshake(user, password)).await;
        let Ok(greeted) = greeted else {
            let reason = format!("no answer to the log-in within {} s", REQUEST_TIMEOUT.as_secs());
            return Err(ExternalError::Unreachable { target: self.location.target(), reason });
        };
        let body = greeted.map_err(|error| ExternalError::LogIn(cut(&error.to_string())))?;
        // The token comes in a header, or else in the body.
        if self.client.token().is_none()
            && let Ok(token) = std::str::from_utf8(&body)
            && !token.is_empty()
        {
            self.client.set_token(token.to_owned());
        }
        Ok(())
    }

    /// What an error of a request is.
    fn failed(&self, request: &str, error: FlightError) -> ExternalError {
        let malformed = |reason: String| ExternalError::Malformed { request: request.to_owned(), reason: cut(&reason) };
        match error {
            FlightError::Tonic(status) => match status.code() {
                Code::Unavailable => {
                    ExternalError::Unreachable { target: self.location.target(), reason: cut(status.message()) }
                }
                Code::Cancelled => ExternalError::Cancelled,
                code if status.message().is_empty() => ExternalError::Failed(format!("{request}: {code}")),
                _ => ExternalError::Failed(cut(status.message())),
            },
            FlightError::ExternalError(error) => malformed(chain(error.as_ref())),
            error => malformed(error.to_string()),
        }
    }

    /// The server that has a part of a result.
    async fn of(&self, endpoint: &FlightEndpoint) -> Result<Self, ExternalError> {
        if endpoint.location.is_empty() || endpoint.location.iter().any(|known| self.location.is(&known.uri)) {
            return Ok(self.clone());
        }
        let others: Vec<_> = endpoint.location.iter().filter_map(|known| Location::parse(&known.uri).ok()).collect();
        let token = self.client.token();
        let Some(other) = others.into_iter().find(|other| token.is_none() || other.may_know_what(&self.location))
        else {
            let uri = endpoint.location.first().map(|known| cut(&known.uri)).unwrap_or_default();
            let reason = format!("a part of the result is at {uri}, and the token is for {} alone", self.location);
            return Err(ExternalError::Malformed { request: "GetFlightInfo".to_owned(), reason });
        };
        let mut server = Self::connect(other).await?;
        if let Some(token) = token {
            server.client.set_token(token.clone());
        }
        Ok(server)
    }
}

/// A result of which parts are still to be read; the server is told when nobody wants them any more.
struct Reading {
    server: Server,
    runtime: Handle,
    pending: Pending,
    /// While it is not read to its end.
    info: Option<FlightInfo>,
    endpoints: VecDeque<FlightEndpoint>,
    part: Option<(Server, FlightRecordBatchStream)>,
    schema: Option<SchemaRef>,
    /// Until it is cancelled, if it has to be.
    _counted: Counted,
}

impl Reading {
    fn of(engine: &FlightSql, info: FlightInfo) -> Self {
        Self {
            server: engine.server.clone(),
            runtime: Handle::current(),
            pending: engine.pending.clone(),
            endpoints: info.endpoint.iter().cloned().collect(),
            info: Some(info),
            part: None,
            schema: None,
            _counted: engine.pending.enter(),
        }
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>, ExternalError> {
        loop {
            if let Some((server, part)) = &mut self.part {
                let batch = part.try_next().await.map_err(|error| server.failed("DoGet", error))?;
                if self.schema.is_none() {
                    self.schema = part.schema().cloned();
                }
                match batch {
                    Some(batch) => return Ok(Some(batch)),
                    None => self.part = None,
                }
            }
            let Some(endpoint) = self.endpoints.pop_front() else {
                self.info = None;
                return Ok(None);
            };
            let Some(ticket) = endpoint.ticket.clone() else {
                let reason = "a part of the result has no ticket".to_owned();
                return Err(ExternalError::Malformed { request: "GetFlightInfo".to_owned(), reason });
            };
            let mut server = self.server.of(&endpoint).await?;
            let part = server.client.do_get(ticket).await.map_err(|error| server.failed("DoGet", error))?;
            self.part = Some((server, part));
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let Some(info) = self.info.take() else { return };
        // The stream itself ends with this; not every server knows the action too.
        self.part = None;
        let mut client = FlightClient::new_from_inner(self.server.client.inner().clone());
        if let Some(token) = self.server.client.token()
            && client.add_header("authorization", &format!("Bearer {token}")).is_err()
        {
            return;
        }
        self.pending.spawn(&self.runtime, async move {
            if let Err(error) = client.cancel_flight_info(CancelFlightInfoRequest::new(info)).await {
                tracing::debug!("a query was not cancelled by an action of its own: {error}");
            }
        });
    }
}

impl FlightSql {
    async fn read(&self, info: FlightInfo) -> Result<Rows, ExternalError> {
        let told = if info.schema.is_empty() { None } else { info.clone().try_decode_schema().ok() };
        let mut reading = Reading::of(self, info);
        // What comes with the rows says more surely what they are.
        let first = reading.next().await?;
        let schema = reading.schema.clone().or_else(|| told.map(Arc::new)).unwrap_or_else(|| Arc::new(Schema::empty()));
        let rest =
            stream::try_unfold(reading, async |mut reading| Ok(reading.next().await?.map(|batch| (batch, reading))));
        Ok(Rows { schema, batches: stream::iter(first.map(Ok)).chain(rest).boxed() })
    }
}

#[async_trait]
impl SqlEngine for FlightSql {
    async fn query(&self, sql: &str, _: usize) -> Result<Rows, ExternalError> {
        let mut client = self.server.client.clone();
        let info = client.execute(sql.to_owned(), None).await;
        self.read(info.map_err(|error| self.server.failed("GetFlightInfo", error))?).await
    }

    async fn tables(&self, named: &[[String; 2]]) -> Result<Vec<ExternalTable>, ExternalError> {
        let mut found = Vec::new();
        for [schema, name] in named {
            let request = CommandGetTables {
                catalog: self.catalog.clone(),
                db_schema_filter_pattern: Some(any_case(schema)),
                table_name_filter_pattern: Some(any_case(name)),
                table_types: Vec::new(),
                include_schema: true,
            };
            let info = self.server.client.clone().get_tables(request).await;
            let rows = self.read(info.map_err(|error| self.server.failed("GetTables", error))?).await?;
            let batches: Vec<RecordBatch> = rows.batches.try_collect().await?;
            for batch in &batches {
                for table in tables(batch)? {
                    let is_named = table.schema.eq_ignore_ascii_case(schema) && table.name.eq_ignore_ascii_case(name);
                    if is_named && !found.contains(&table) {
                        found.push(table);
                    }
                }
            }
        }
        Ok(found)
    }

    fn dialect(&self) -> Dialect {
        Dialect::FlightSql
    }

    async fn settle(&self) {
        self.pending.settle().await;
    }
}

/// A pattern that a name matches whatever the case of its letters; others of its length do too.
fn any_case(name: &str) -> String {
    name.chars().map(|char| if char.is_ascii_digit() { char } else { '_' }).collect()
}

/// Rows of `GetTables`: catalog, schema, name, type, and the columns.
fn tables(batch: &RecordBatch) -> Result<Vec<ExternalTable>, ExternalError> {
    let malformed = |reason: String| ExternalError::Malformed { request: "GetTables".to_owned(), reason: cut(&reason) };
    let column = |name: &str, data_type: &DataType| {
        let column = batch.column_by_name(name).ok_or_else(|| malformed(format!("it has no {name}")))?;
        cast(column, data_type).map_err(|error| malformed(error.to_string()))
    };
    let [catalogs, schemas, names] = [
        column("catalog_name", &DataType::Utf8)?,
        column("db_schema_name", &DataType::Utf8)?,
        column("table_name", &DataType::Utf8)?,
    ];
    let (catalogs, schemas, names) =
        (catalogs.as_string::<i32>(), schemas.as_string::<i32>(), names.as_string::<i32>());
    let layouts = column("table_schema", &DataType::Binary)?;
    let layouts = layouts.as_binary::<i32>();
    let table = |row: usize| {
        let layout = IpcMessage(layouts.value(row).to_vec().into());
        let layout = Schema::try_from(layout).map_err(|error| malformed(error.to_string()))?;
        let (schema, name) = (schemas.value(row).to_owned(), names.value(row).to_owned());
        let catalog = catalogs.is_valid(row).then(|| catalogs.value(row).to_owned());
        let path = catalog.into_iter().filter(|catalog| !catalog.is_empty()).chain([schema.clone(), name.clone()]);
        let columns = layout.fields().iter().map(|field| described(field)).collect();
        Ok(ExternalTable { path: path.collect(), schema, name, columns })
    };
    (0..batch.num_rows()).map(table).collect()
}

/// A column by its field.
fn described(field: &Field) -> Column {
    let kind = match field.data_type() {
        DataType::Boolean => Kind::Boolean,
        data_type if data_type.is_integer() => Kind::Integer,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Kind::Float,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
            if *scale >= 0 =>
        {
            Kind::Decimal { precision: *precision, scale: *scale, is_exact: true }
        }
        DataType::Date32 | DataType::Date64 => Kind::Date,
        DataType::Timestamp(unit, None) => Kind::Timestamp { is_exact: *unit != TimeUnit::Nanosecond },
        DataType::Timestamp(_, Some(_)) => Kind::Instant,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::Text,
        _ => Kind::Other,
    };
    Column { name: field.name().clone(), kind }
}
