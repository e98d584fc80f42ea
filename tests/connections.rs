//! Connections: what their options do, and what is said when there is none.

use std::time::Duration;

use metrics_core::db::connect::{connect, connect_diesel, get, pool};
use metrics_core::db::{ConnectOptions, DbError, open};
use metrics_core::settings::{DatabaseUrl, Settings};

use crate::support::{TestDb, wait};

fn options() -> ConnectOptions {
    ConnectOptions {
        application_name: "acceptance".to_owned(),
        read_only: true,
        statement_timeout: Duration::from_millis(200),
        connect_timeout: Duration::from_secs(10),
    }
}

/// Every message of an error and its sources.
fn full_text(error: &DbError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[test]
fn a_session_has_the_options_it_was_opened_with() {
    let db = TestDb::new();
    let url = db.url().clone();
    wait(async move {
        let client = connect(&url, &options()).await.unwrap();
        let row = client
            .query_one(
                "SELECT current_setting('TimeZone'), current_setting('application_name'),
                    current_setting('default_transaction_read_only'), current_setting('statement_timeout')",
                &[],
            )
            .await
            .unwrap();
        let shown: Vec<String> = (0..4).map(|index| row.get(index)).collect();
        assert_eq!(shown, ["UTC", "acceptance", "on", "200ms"]);
        let write = client.batch_execute("DELETE FROM metrics.exchange_rate").await.unwrap_err();
        assert!(write.as_db_error().unwrap().message().contains("read-only"), "{write:?}");
        let slow = client.batch_execute("SELECT pg_sleep(5)").await.unwrap_err();
        assert!(slow.as_db_error().unwrap().message().contains("statement timeout"), "{slow:?}");
        // Diesel sets up its sessions itself; ours have to survive that.
        connect_diesel(&url, &options()).await.unwrap();
        assert!(!client.is_closed());
    });
}

#[test]
fn a_pool_makes_callers_wait_but_not_for_ever_and_replaces_lost_connections() {
    let db = TestDb::new();
    let url = db.url().clone();
    wait(async move {
        let pool = pool(&url, &options(), 1, Duration::from_millis(300)).unwrap();
        let held = get(&pool).await.unwrap();
        let error = get(&pool).await.err().unwrap();
        assert_eq!(error.to_string(), "no database connection: all connections of the pool are in use");
        drop(held);
        drop(get(&pool).await.unwrap());

        let other = connect(&url, &options()).await.unwrap();
        let ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        other.query(ended, &[]).await.unwrap();
        drop(get(&pool).await.unwrap());
    });
}

#[test]
fn a_failed_connection_says_what_to_check_and_not_the_password() {
    let db = TestDb::new();
    let socket = db.url().expose().to_owned();
    for (url, advice) in [
        ("postgres://me:hidden@127.0.0.1:1/db".to_owned(), "check that the server runs, and host and port"),
        (socket.replace("/test_", "/no_such_"), "create the database, or correct its name"),
        (socket.replace("postgres@", "nobody_known:hidden@"), "check the user name and password"),
        // The embedded server has no TLS.
        (format!("{socket}?sslmode=require"), "check sslmode"),
    ] {
        let url: DatabaseUrl = url.parse().unwrap();
        let error = wait(async move { connect(&url, &options()).await.err().unwrap() });
        let text = full_text(&error);
        assert!(text.starts_with("cannot connect to database ") && text.contains(advice), "{text}");
        assert!(!text.contains("hidden") && !format!("{error:?}").contains("hidden"), "{error:?}");
        assert!(error.is_unusable());
    }
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    // It listens and never says a word.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url: DatabaseUrl = format!("postgres://me@{}/db", listener.local_addr().unwrap()).parse().unwrap();
    let options = ConnectOptions { connect_timeout: Duration::from_secs(1), ..options() };
    let error = wait(async move { connect(&url, &options).await.err().unwrap() });
    assert!(matches!(error, DbError::ConnectTimeout { seconds: 1, .. }), "{error}");
}

#[test]
fn the_settings_decide_which_databases_are_used() {
    let open = |variables: Vec<(&str, String)>| {
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value));
        let settings = Settings::from_environment(variables, &[]).unwrap();
        wait(async move { open(&settings).await })
    };
    let (never, url) = ("never".to_owned(), "postgres://me@host/db".to_owned());
    let none = open(vec![("METRICS_DATABASE__EMBEDDED", never.clone())]).err().unwrap();
    assert!(none.to_string().contains("set METRICS_DATABASE__URL"), "{none}");
    assert!(none.is_unusable());

    let given = open(vec![("METRICS_DATABASE__EMBEDDED", never), ("DATABASE_URL", url.clone())]).unwrap();
    assert_eq!((given.metrics.expose(), given.source.expose()), (url.as_str(), url.as_str()));
    assert!(given.embedded.is_none());

    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("open-{}", std::process::id()));
    let embedded = open(vec![
        ("METRICS_DATABASE__EMBEDDED_DIR", folder.display().to_string()),
        ("SOURCE_DATABASE_URL", url.clone()),
    ])
    .unwrap();
    assert_eq!(embedded.source.expose(), url);
    let metrics = embedded.metrics.clone();
    assert_eq!(metrics.config().get_dbname(), Some("metrics"));
    wait(async move { connect(&metrics, &options()).await.map(drop).unwrap() });
    let dir = embedded.embedded.as_ref().unwrap().dir().to_owned();
    drop(embedded);
    assert!(!dir.join("data/postmaster.pid").exists(), "the only user has gone");
    std::fs::remove_dir_all(dir).unwrap();
}
