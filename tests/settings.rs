//! Settings: which layer wins, and what is refused.

use std::path::Path;
use std::time::Duration;

use metrics_core::settings::{Flag, FxProvider, Settings, SettingsError};

fn load(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    load_with(variables, &[])
}

fn load_with(variables: &[(&str, &str)], flags: &[Flag]) -> Result<Settings, SettingsError> {
    Settings::from_environment(variables.iter().map(|(name, value)| (name.to_string(), value.to_string())), flags)
}

fn refused(variables: &[(&str, &str)]) -> String {
    load(variables).expect_err("refused").to_string()
}

fn database_url(variables: &[(&str, &str)]) -> Option<String> {
    load(variables).unwrap().database.url.map(|url| url.expose().to_owned())
}

fn described(settings: &Settings, key: &str) -> (String, String) {
    let setting = settings.describe().iter().find(|setting| setting.key == key).expect(key);
    (setting.value.clone(), setting.origin.to_string())
}

#[test]
fn base_toml_holds_every_setting_and_nothing_else() {
    let settings = load(&[]).unwrap();
    assert_eq!(settings.database.url, None);
    assert_eq!(settings.source.url, None);
    assert_eq!(settings.api.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(settings.api.maintenance_listen.to_string(), "127.0.0.1:8001");
    assert_eq!(settings.api.cors_allowed_origins, ["*"]);
    assert_eq!(settings.reporting.time_zone, None);
    assert_eq!(settings.reporting.earliest_date.to_string(), "2015-01-01");
    assert_eq!(settings.fx.provider, FxProvider::None);
    assert!((settings.fx.quarantine_ratio - 0.2).abs() < f64::EPSILON);
    assert_eq!((settings.uptime.polls_retention_days, settings.uptime.history_hours), (35, 720));
    let ingest = &settings.uptime.ingest;
    assert!(ingest.status.is_empty() && ingest.hours.is_none() && ingest.zones.is_none());
    assert_eq!((ingest.timeout, ingest.max_bytes), (Duration::from_mins(1), 1 << 31));
    assert_eq!(ingest.cache_dir, Path::new("./data/fetch"));
    assert_eq!((&ingest.google_credentials, &ingest.drive_url), (&None, &None));
    assert!(settings.describe().iter().all(|setting| setting.origin.to_string() == "default"));
}

#[test]
fn flags_win_over_variables_over_the_file_over_the_defaults() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("staging.toml"),
        "[api]\nworkers = 2\npool_size = 3\nrequest_timeout_s = 9\ncors_allowed_origins = [\"https://a\"]\n\
         [fx]\nquarantine_ratio = 1\n",
    )
    .unwrap();
    let folder = folder.path().to_str().unwrap();
    let variables = [
        ("METRICS_ENV", "staging"),
        ("METRICS_CONFIG_DIR", folder),
        ("METRICS_API__POOL_SIZE", "4"),
        ("METRICS_API__REQUEST_TIMEOUT_S", "8"),
        ("METRICS_REPORTING__TIME_ZONE", "Africa/Lagos"),
    ];
    let flag = Flag { key: "api.request_timeout_s", name: "--request-timeout", value: "7".to_owned() };
    let settings = load_with(&variables, &[flag]).unwrap();
    let api = &settings.api;
    assert_eq!((api.workers, api.pool_size, api.request_timeout), (2, 4, Duration::from_secs(7)));
    assert_eq!(api.cors_allowed_origins, ["https://a"]);
    assert_eq!(settings.reporting.time_zone, Some(chrono_tz::Africa::Lagos));

    let file = Path::new(folder).join("staging.toml").display().to_string();
    assert_eq!(described(&settings, "api.workers"), ("2".to_owned(), file.clone()));
    assert_eq!(described(&settings, "fx.quarantine_ratio"), ("1".to_owned(), file));
    assert_eq!(described(&settings, "api.pool_size"), ("4".to_owned(), "METRICS_API__POOL_SIZE".to_owned()));
    assert_eq!(described(&settings, "api.request_timeout_s"), ("7".to_owned(), "--request-timeout".to_owned()));
    assert_eq!(described(&settings, "log.level"), ("info".to_owned(), "default".to_owned()));
}

#[test]
fn a_missing_or_broken_file_of_the_environment_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let variables = [("METRICS_ENV", "staging"), ("METRICS_CONFIG_DIR", path)];
    let error = refused(&variables);
    assert!(error.contains("METRICS_ENV is \"staging\"") && error.contains("staging.toml"), "{error}");
    let write = |text: &str| std::fs::write(folder.path().join("staging.toml"), text).unwrap();
    write("[api\n");
    assert!(refused(&variables).contains("not valid TOML"), "{}", refused(&variables));
    // The line may hold a secret, so only its number is told.
    write("[database]\nurl = 'postgres://metrics:hunter2@db/metrics\n");
    let error = refused(&variables);
    assert!(error.contains("line 2") && !error.contains("hunter2"), "{error}");
    write("[api]\nlisten_on = \"x\"\n");
    let error = refused(&variables);
    assert!(error.contains("no setting api.listen_on; did you mean api.listen?"), "{error}");
    write("[api]\nworkers = \"2\"\n");
    let error = refused(&variables);
    assert!(error.contains("api.workers") && error.contains("must be a whole number"), "{error}");
    write("[api]\nworkers = 2.5\n");
    assert!(refused(&variables).contains("must be a whole number"));
}

#[test]
fn the_database_is_named_in_a_fixed_order_of_precedence() {
    let all =
        [("METRICS_DATABASE__URL", "postgres://h/one"), ("DATABASE_URL", "postgres://h/two"), ("DB_NAME", "three")];
    assert_eq!(database_url(&all).as_deref(), Some("postgres://h/one"));
    assert_eq!(database_url(&all[1..]).as_deref(), Some("postgres://h/two"));
    assert_eq!(database_url(&all[2..]).as_deref(), Some("postgres://base:base@localhost:5432/three"));
    assert_eq!(database_url(&[("DB_HOST", "db"), ("DB_PORT", "6")]).as_deref(), Some("postgres://base:base@db:6/base"));
    assert_eq!(database_url(&[]), None);

    let source = |variables: &[(&str, &str)]| load(variables).unwrap().source.url.map(|url| url.expose().to_owned());
    let both = [("METRICS_SOURCE__URL", "postgres://h/one"), ("SOURCE_DATABASE_URL", "postgres://h/two")];
    assert_eq!(source(&both).as_deref(), Some("postgres://h/one"));
    assert_eq!(source(&both[1..]).as_deref(), Some("postgres://h/two"));
    assert_eq!(source(&[]), None);
}

#[test]
fn a_file_of_the_environment_names_the_database_before_the_conventional_variables() {
    let folder = tempfile::tempdir().unwrap();
    let write = |url: &str| {
        std::fs::write(folder.path().join("x.toml"), format!("[database]\nurl = \"{url}\"\n")).unwrap();
    };
    let path = folder.path().to_str().unwrap();
    let variables = [("METRICS_ENV", "x"), ("METRICS_CONFIG_DIR", path), ("DATABASE_URL", "postgres://h/two")];
    write("postgres://h/file");
    assert_eq!(database_url(&variables).as_deref(), Some("postgres://h/file"));
    // Written out but empty, as in base.toml: given elsewhere.
    write("");
    assert_eq!(database_url(&variables).as_deref(), Some("postgres://h/two"));
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let empty = [("METRICS_DATABASE__URL", ""), ("DATABASE_URL", ""), ("DB_HOST", ""), ("METRICS_ENV", "")];
    assert_eq!(database_url(&empty), None);
}

#[test]
fn secrets_and_urls_may_come_from_files_but_not_from_both() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let url = file("url", "postgres://me:hidden@h/db\n");
    let key = file("key", "hidden key\r\n");
    let password = file("password", "hid/den\n");

    let settings = load(&[("METRICS_DATABASE__URL_FILE", &url), ("METRICS_FX__API_KEY_FILE", &key)]).unwrap();
    assert_eq!(settings.database.url.as_ref().unwrap().expose(), "postgres://me:hidden@h/db");
    assert_eq!(settings.fx.api_key.as_ref().unwrap().expose(), "hidden key");
    assert_eq!(
        described(&settings, "database.url"),
        ("postgres://me:***@h:5432/db".to_owned(), "METRICS_DATABASE__URL_FILE".to_owned())
    );
    assert_eq!(described(&settings, "fx.api_key").0, "***");
    let debug = format!("{settings:?}");
    assert!(!debug.contains("hidden"), "{debug}");

    assert_eq!(database_url(&[("DATABASE_URL_FILE", &url)]).as_deref(), Some("postgres://me:hidden@h/db"));
    let settings = load(&[("DB_PASSWORD_FILE", &password), ("DB_HOST", "h")]).unwrap();
    assert_eq!(settings.database.url.as_ref().unwrap().config().get_password(), Some(b"hid/den".as_slice()));
    assert_eq!(
        described(&settings, "database.url"),
        ("postgres://base:***@h:5432/base".to_owned(), "DB_HOST, DB_PASSWORD_FILE".to_owned())
    );

    for name in ["METRICS_DATABASE__URL", "DATABASE_URL", "METRICS_FX__API_KEY", "DB_PASSWORD", "SOURCE_DATABASE_URL"] {
        let error = refused(&[(name, "postgres://h/db"), (&format!("{name}_FILE"), &url)]);
        assert!(error.contains(&format!("{name} and {name}_FILE are both set")), "{error}");
    }
    let error = refused(&[("METRICS_SOURCE__URL_FILE", "/nowhere")]);
    assert!(error.contains("METRICS_SOURCE__URL_FILE names the file /nowhere"), "{error}");
}

#[test]
fn an_unknown_variable_is_refused_with_the_nearest_known() {
    for (wrong, nearest) in [
        ("METRICS_API__LISTNE", "METRICS_API__LISTEN"),
        ("METRICS_LOG_LEVEL", "METRICS_LOG__LEVEL"),
        ("METRICS__FX__PROVIDER", "METRICS_FX__PROVIDER"),
        ("METRICS_API__WORKERS_FILE", "METRICS_API__WORKERS"),
        ("METRICS_UPTIME_INGEST__HOURS", "METRICS_UPTIME__INGEST__HOURS"),
    ] {
        let error = refused(&[(wrong, "1")]);
        assert!(error.contains(&format!("no setting {wrong}; did you mean {nearest}?")), "{error}");
    }
}

#[test]
fn a_value_that_does_not_fit_is_refused_with_key_value_origin_and_what_fits() {
    for (name, value, key, advice) in [
        ("METRICS_API__LISTEN", "8000", "api.listen", "address"),
        ("METRICS_API__POOL_SIZE", "0", "api.pool_size", "at least 1"),
        ("METRICS_API__POOL_SIZE", "-1", "api.pool_size", "must be"),
        ("METRICS_API__POOL_SIZE", "many", "api.pool_size", "must be a whole number"),
        ("METRICS_API__REQUEST_TIMEOUT_S", "0", "api.request_timeout_s", "at least 1 second"),
        ("METRICS_FX__PROVIDER", "google", "fx.provider", "none, yahoo, openexchangerates"),
        ("METRICS_FX__QUARANTINE_RATIO", "0", "fx.quarantine_ratio", "above 0"),
        ("METRICS_UPTIME__HISTORY_HOURS", "0", "uptime.history_hours", "at least 1"),
        ("METRICS_UPTIME__INGEST__MAX_BYTES", "0", "uptime.ingest.max_bytes", "at least 1"),
        ("METRICS_UPTIME__INGEST__TIMEOUT_S", "0", "uptime.ingest.timeout_s", "at least 1 second"),
        ("METRICS_REPORTING__TIME_ZONE", "Lagos", "reporting.time_zone", "Lagos"),
        ("METRICS_REPORTING__EARLIEST_DATE", "2015-02-30", "reporting.earliest_date", "range"),
        ("METRICS_LOG__LEVEL", "loud", "log.level", "error, warn, info"),
    ] {
        let error = refused(&[(name, value)]);
        assert!(error.starts_with(&format!("{key} = \"{value}\" (from {name}): ")), "{error}");
        assert!(error.contains(advice), "{error}");
    }
    let error = refused(&[("DATABASE_URL", "postgres://me:hidden@h:port/db")]);
    assert!(error.starts_with("database.url = \"***\" (from DATABASE_URL): ") && !error.contains("hidden"), "{error}");
    assert!(refused(&[("DB_PORT", "x")]).contains("DB_PORT = \"x\""));
}

#[test]
fn a_list_is_separated_by_commas() {
    let settings = load(&[("METRICS_API__CORS_ALLOWED_ORIGINS", "https://a, https://b")]).unwrap();
    assert_eq!(settings.api.cors_allowed_origins, ["https://a", "https://b"]);
    assert_eq!(described(&settings, "api.cors_allowed_origins").0, "https://a,https://b");
}

#[test]
fn sections_may_be_in_sections() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[uptime]\nhistory_hours = 24\n[uptime.ingest]\nstatus = [\"a.csv\"]\nhours = \"h.csv\"\n";
    std::fs::write(folder.path().join("x.toml"), text).unwrap();
    let file = [("METRICS_ENV", "x"), ("METRICS_CONFIG_DIR", folder.path().to_str().unwrap())];
    let settings = load(&[&file[..], &[("METRICS_UPTIME__INGEST__HOURS", "https://h/hours.csv")]].concat()).unwrap();
    assert_eq!((settings.uptime.history_hours, settings.uptime.polls_retention_days), (24, 35));
    assert_eq!(settings.uptime.ingest.status, ["a.csv"]);
    assert_eq!(settings.uptime.ingest.hours.as_deref(), Some("https://h/hours.csv"));
}

#[test]
fn the_query_of_a_source_is_not_shown() {
    let sources = "https://h/a.csv?signature=hidden,polls.csv.gz,https://me:hidden@h/b.csv";
    let settings = load(&[("METRICS_UPTIME__INGEST__STATUS", sources)]).unwrap();
    assert_eq!(settings.uptime.ingest.status.len(), 3);
    let shown = described(&settings, "uptime.ingest.status").0;
    assert_eq!(shown, "https://h/a.csv?***,polls.csv.gz,https://me:***@h/b.csv");
}

#[test]
fn the_key_file_of_google_may_be_named_by_the_usual_variable() {
    let key = |variables: &[(&str, &str)]| load(variables).unwrap().uptime.ingest.google_credentials;
    let usual = ("GOOGLE_APPLICATION_CREDENTIALS", "/run/secrets/usual.json");
    assert_eq!(key(&[usual]).as_deref(), Some(Path::new("/run/secrets/usual.json")));
    let ours = ("METRICS_UPTIME__INGEST__GOOGLE_CREDENTIALS", "/run/secrets/ours.json");
    assert_eq!(key(&[usual, ours]).as_deref(), Some(Path::new("/run/secrets/ours.json")));
    assert_eq!(key(&[]), None);
}
