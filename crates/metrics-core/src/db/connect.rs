//! Connections: one way to open them, for single statements, pools, migrations and COPY alike.

mod tls;

use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{Object, Pool as DeadPool, PoolError};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig};
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager as _};
use futures_util::FutureExt;
use tokio_postgres::error::SqlState;

use super::DbError;
use crate::settings::DatabaseUrl;

/// A connection on which Diesel's queries run.
pub type Connection = AsyncPgConnection;
/// A pool of [`Connection`]s.
pub type Pool = DeadPool<Connection>;
/// A [`Connection`] lent by a [`Pool`].
pub type PooledConnection = Object<Connection>;

/// A transaction that waits for its client this long is rolled back by the server, so that a program that hangs
/// does not hold locks for ever. Longer than any computation between two statements of ours.
const IDLE_IN_TRANSACTION: Duration = Duration::from_mins(15);

/// How a connection behaves.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// Name shown in `pg_stat_activity`.
    pub application_name: String,
    /// Every transaction refuses to write.
    pub read_only: bool,
    /// Time after which the server cancels a statement; zero: never.
    pub statement_timeout: Duration,
    /// Time until an attempt to connect is given up.
    pub connect_timeout: Duration,
}

/// Opens a plain connection, for COPY and for statements that Diesel cannot express.
///
/// `sslmode` of the URL is honoured: `disable`; `prefer`, the default: encrypted if the server can, whoever it is;
/// `require`: encrypted, and the certificate verified. The session's time zone is UTC. Session settings do not
/// survive a pooler in transaction mode: connect to the server, or to a pooler in session mode.
pub async fn connect(url: &DatabaseUrl, options: &ConnectOptions) -> Result<tokio_postgres::Client, DbError> {
    let mut config = url.config().clone();
    config.application_name(&options.application_name).connect_timeout(options.connect_timeout);
    let tls = tls::connector(config.get_ssl_mode()).map_err(DbError::Tls)?;

    let attempt = async {
        let (client, connection) = config.connect(tls).await?;
        let target = url.target();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                let reason = chain(&error);
                tracing::warn!("connection to {target} lost: {reason}");
            }
        });
        set_up(&client, options).await?;
        Ok(client)
    };
    match tokio::time::timeout(options.connect_timeout, attempt).await {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(source)) => Err(DbError::Connect { target: url.target(), hint: hint(&source), source }),
        Err(_) => Err(DbError::ConnectTimeout { target: url.target(), seconds: options.connect_timeout.as_secs() }),
    }
}

/// Asks the server to end what the connection of `token`, which [`connect`] opened, is doing.
pub async fn cancel(url: &DatabaseUrl, token: tokio_postgres::CancelToken) -> Result<(), DbError> {
    let tls = tls::connector(url.config().get_ssl_mode()).map_err(DbError::Tls)?;
    Ok(token.cancel_query(tls).await?)
}

/// Opens a connection for Diesel, as [`connect`] does.
pub async fn connect_diesel(url: &DatabaseUrl, options: &ConnectOptions) -> Result<Connection, DbError> {
    let client = connect(url, options).await?;
    AsyncPgConnection::try_from(client).await.map_err(|error| DbError::Pool(error.to_string()))
}

/// A pool of at most `size` connections, each opened as [`connect_diesel`] does when it is first needed.
///
/// [`get`] waits at most `wait_timeout` for a connection that is in use elsewhere.
pub fn pool(url: &DatabaseUrl, options: &ConnectOptions, size: usize, wait_timeout: Duration) -> Result<Pool, DbError> {
    let mut config = ManagerConfig::<Connection>::default();
    let (setup_url, setup_options) = (url.clone(), options.clone());
    config.custom_setup = Box::new(move |_| {
        let (url, options) = (setup_url.clone(), setup_options.clone());
        async move {
                connect_diesel(&url, &options).await.map_err(|error| ConnectionError::BadConnection(chain(&error)))
            }
            .boxed()
    });
    // The manager asks for a URL that it passes to the setup, which has its own.
    let manager = AsyncDieselConnectionManager::new_with_config(String::new(), config);
    Pool::builder(manager)
        .max_size(size)
        .wait_timeout(Some(wait_timeout))
        .create_timeout(Some(options.connect_timeout))
        .recycle_timeout(Some(options.connect_timeout))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(|error| DbError::Pool(error.to_string()))
}

/// A connection of the pool.
pub async fn get(pool: &Pool) -> Result<PooledConnection, DbError> {
    pool.get().await.map_err(|error| {
        DbError::Pool(match error {
            PoolError::Timeout(_) => "all connections of the pool are in use".to_owned(),
            PoolError::Backend(error) => error.to_string(),
            other => other.to_string(),
        })
    })
}

/// Gives a connection back to its pool, or closes it when it is still in a transaction, which ends then. The pool itself
/// would find that out when it next comes to the connection.
pub fn give_back(mut connection: PooledConnection) {
    if AnsiTransactionManager::is_broken_transaction_manager(&mut *connection) {
        drop(Object::take(connection));
    }
}

/// Settings of the session. As a statement, not as start-up options, which poolers refuse.
async fn set_up(client: &tokio_postgres::Client, options: &ConnectOptions) -> Result<(), tokio_postgres::Error> {
    let milliseconds = |duration: Duration| duration.as_millis().to_string();
    let read_only = if options.read_only { "on" } else { "off" };
    client
        .execute(
            "SELECT set_config('default_transaction_read_only', $1, false), \
                    set_config('statement_timeout', $2, false), \
                    set_config('idle_in_transaction_session_timeout', $3, false), \
                    set_config('TimeZone', 'UTC', false), \
                    set_config('client_min_messages', 'warning', false)",
            &[&read_only, &milliseconds(options.statement_timeout), &milliseconds(IDLE_IN_TRANSACTION)],
        )
        .await?;
    Ok(())
}

/// What to check when connecting failed.
fn hint(error: &tokio_postgres::Error) -> &'static str {
    match error.code() {
        Some(code) if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "check the user name and password in the URL, and the server's pg_hba.conf"
        }
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => "create the database, or correct its name in the URL",
        Some(code) if *code == SqlState::TOO_MANY_CONNECTIONS => {
            "the server takes no more connections: lower pool_size or raise its max_connections"
        }
        Some(code) if *code == SqlState::CANNOT_CONNECT_NOW => "the server is starting or stopping: try again",
        Some(_) => "the server refused the connection",
        None if chain(error).contains("TLS") => {
            "check sslmode in the URL; for a private authority, set SSL_CERT_FILE to its certificate"
        }
        None => "check that the server runs, and host and port in the URL",
    }
}

/// An error with its sources in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
