use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use metrics_core::kpi::{
    Authentication, Dialect, FileFormat, Form, MultiValue, ParameterValue, Pushdown, SourceKind, Timestamps,
};
use tempfile::TempDir;

use super::{Credentials, DefinitionsFile, FileError, Options, SinkKind, load};

const WHOLE: &str = r#"
version = 1
environment = "${KPI_ENVIRONMENT:-development}"
timezone = "Europe/Madrid"

[defaults]
timeout = "90s"
max_rows = 7
concurrency = 2
dialect = "strict"
memory_limit = "64MiB"

[sources.coproduction]
kind = "postgres"
url = "${COPRODUCTION_DATABASE_URL}"
schemas = ["public"]
pool = 5
statement_timeout = "10s"
read_only = false
large = true

[sources.elastic2]
kind = "elasticsearch"
url = "https://me:p%40+&=ss@search.example:9200/"
[sources.elastic2.schemas.logs]
index = "logs-*"
table = "log"
arrays = ["roles"]
timestamps = "utc"
multi_value = "first"

[sources.files]
kind = "files"
[sources.files.tables]
plans = { path = "data/plans.csv", has_header = false }
polls = { path = "archive/polls/", format = "parquet", partitions = ["day:date"] }
[sources.files.schemas.raw.tables.log]
path = "log.ndjson"
arrays = ["roles"]

[sources.metrics]
kind = "metrics"

[sources.lake]
kind = "trino"
url = "http://lake:8080"
user = "kpi"

[[kpi]]
name = "A7: Number of coproduction processes"
sql = "SELECT COUNT(*) FROM coproduction.public.coproductionprocess"
form = "count"
tags = ["process"]
unit = "processes"

[[kpi]]
name = "A8"
sql = """SELECT a FROM t WHERE x >= $since"""
extract_count = false
timeout = "5s"
max_rows = 3
truncate = true
dialect = "compat"
pushdown = "none"
full_scan = true
engine = "lake"
params = { since = "now-1month/day", n = 3, f = 1.5, b = true, t = "x" }

[sinks.csv]
kind = "csv"
path = "out/kpi-{environment}.csv"
[sinks.sheet]
kind = "google-sheets"
spreadsheet = "https://docs.google.com/spreadsheets/d/1AbC_d-E/edit#gid=0"
create_tab = true
"#;

fn variables(name: &str) -> Option<String> {
    let value = match name {
        "COPRODUCTION_DATABASE_URL" => "postgres://kpi:sesame-open@db/coproduction",
        "KPIS_GOOGLE_CLIENT_EMAIL" => "robot@project.example",
        "KPIS_GOOGLE_PRIVATE_KEY" => "-----BEGIN\\nopen-barley\\nEND-----",
        _ => return None,
    };
    Some(value.to_owned())
}

fn as_of() -> DateTime<Utc> {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn loaded(path: &Path) -> Result<DefinitionsFile, FileError> {
    load(path, &Options { environment: None, as_of: as_of(), variables: &variables })
}

/// What is wrong with a file of this text, without the folder it is in.
fn error_of(name: &str, text: &str) -> String {
    let folder = folder(&[(name, text)]);
    let error = loaded(&folder.path().join(name)).expect_err(text).to_string();
    error.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn a_whole_file_is_read() {
    let folder = folder(&[("kpis.toml", WHOLE)]);
    let file = loaded(&folder.path().join("kpis.toml")).unwrap();
    let definitions = &file.definitions;
    assert_eq!(definitions.environment, "development");
    assert_eq!((definitions.time_zone, definitions.concurrency), (chrono_tz::Europe::Madrid, 2));
    assert_eq!(file.memory_limit_bytes, 64 << 20);

    let SourceKind::Postgres(postgres) = &definitions.sources["coproduction"].kind else { panic!() };
    assert_eq!(postgres.url.expose(), "postgres://kpi:sesame-open@db/coproduction");
    assert_eq!((postgres.pool, postgres.statement_timeout, postgres.is_read_only), (5, Duration::from_secs(10), false));
    assert!(definitions.sources["coproduction"].is_large);

    let SourceKind::Search(search) = &definitions.sources["elastic2"].kind else { panic!() };
    assert_eq!((search.url.as_str(), search.page_size), ("https://search.example:9200", 1_000));
    let Some(Authentication::Basic { user, password }) = &search.authentication else { panic!() };
    assert_eq!((user.as_str(), password.expose()), ("me", "p@+&=ss"));
    let logs = &search.schemas["logs"];
    assert_eq!(
        (logs.index.as_str(), logs.table.as_str(), logs.arrays.as_slice()),
        ("logs-*", "log", ["roles".to_owned()].as_slice())
    );
    assert_eq!((logs.timestamps, logs.multi_value), (Timestamps::Utc, MultiValue::First));

    let SourceKind::Files(files) = &definitions.sources["files"].kind else { panic!() };
    let (plans, polls) = (&files.schemas["public"]["plans"], &files.schemas["public"]["polls"]);
    assert_eq!(
        (plans.path.clone(), plans.format, plans.has_header),
        (folder.path().join("data/plans.csv"), FileFormat::Csv, false)
    );
    assert_eq!(
        (polls.format, polls.partitions.clone()),
        (FileFormat::Parquet, vec![("day".to_owned(), "date".to_owned())])
    );
    assert_eq!(files.schemas["raw"]["log"].format, FileFormat::Ndjson);

    let [first, second] = definitions.kpis.as_slice() else { panic!() };
    assert_eq!((first.form, first.timeout, first.max_rows), (Form::Count, Duration::from_secs(90), 7));
    assert_eq!(
        (first.dialect, first.pushdown, first.unit.as_deref()),
        (Dialect::Strict, Pushdown::Auto, Some("processes"))
    );
    assert_eq!((second.form, second.timeout, second.max_rows), (Form::Rows, Duration::from_secs(5), 3));
    assert_eq!((second.dialect, second.pushdown), (Dialect::Compat, Pushdown::None));
    assert!(second.truncates && second.allows_full_scan && second.engine.as_deref() == Some("lake"));
    // Midnight of 2026-10-21 in Madrid, which has summer time.
    let since = "2026-10-20T22:00:00Z".parse::<DateTime<Utc>>().unwrap().timestamp_micros();
    let expected = [
        ("b", ParameterValue::Boolean(true)),
        ("f", ParameterValue::Float(1.5)),
        ("n", ParameterValue::Integer(3)),
        ("since", ParameterValue::Instant(since)),
        ("t", ParameterValue::Text("x".into())),
    ];
    assert!(second.parameters.iter().map(|(name, value)| (name.as_str(), value.clone())).eq(expected));

    let [csv, sheet] = file.sinks.as_slice() else { panic!() };
    assert!(matches!(&csv.kind, SinkKind::Csv { path } if *path == folder.path().join("out/kpi-development.csv")));
    let SinkKind::Sheets(sheet) = &sheet.kind else { panic!() };
    assert_eq!((sheet.spreadsheet.as_str(), sheet.tab.as_str(), sheet.creates_tab), ("1AbC_d-E", "development", true));
    let Credentials::Variables { email, private_key, .. } = &sheet.credentials else { panic!() };
    assert_eq!((email.as_str(), private_key.expose()), ("robot@project.example", "-----BEGIN\nopen-barley\nEND-----"));
}

#[test]
fn defaults_are_filled_in_and_the_command_line_names_the_environment() {
    let text = "[sources.a]\nkind = 'postgres'\nurl = 'postgres://a/b'\n[[kpi]]\nname = 'n'\nsql = 'SELECT 1'\n";
    let folder = folder(&[("kpis.toml", text)]);
    let options = Options { environment: Some("demo"), as_of: as_of(), variables: &variables };
    let file = load(&folder.path().join("kpis.toml"), &options).unwrap();
    assert_eq!((file.definitions.environment.as_str(), file.definitions.concurrency), ("demo", 4));
    assert_eq!((file.definitions.time_zone, file.memory_limit_bytes, file.sinks.len()), (chrono_tz::UTC, 512 << 20, 0));
    let SourceKind::Postgres(postgres) = &file.definitions.sources["a"].kind else { panic!() };
    assert_eq!((postgres.pool, postgres.schemas.len(), postgres.is_read_only), (3, 0, true));
    let kpi = &file.definitions.kpis[0];
    assert_eq!((kpi.form, kpi.timeout, kpi.max_rows), (Form::Count, Duration::from_mins(1), 100));
    assert_eq!((kpi.dialect, kpi.truncates, kpi.allows_full_scan), (Dialect::Compat, false, false));
    assert_eq!(file.hash.len(), 64);
}

#[test]
fn yaml_of_the_same_shape_says_the_same() {
    let yaml = "
timezone: UTC
sources:
  elastic2:
    kind: opensearch
    url: http://127.0.0.1:9200
    auth: { api_key: '${KPIS_GOOGLE_CLIENT_EMAIL}' }
    schemas:
      logs: { index: logs }
kpi:
  - name: A1
    sql: |
      SELECT COUNT(*)
      FROM elastic2.logs._doc
    form: count
    params: { since: now/day, n: 1 }
";
    let folder = folder(&[("kpis.yaml", yaml)]);
    let file = loaded(&folder.path().join("kpis.yaml")).unwrap();
    assert_eq!(file.definitions.kpis[0].sql, "SELECT COUNT(*)\nFROM elastic2.logs._doc\n");
    assert_eq!(file.definitions.kpis[0].parameters["n"], ParameterValue::Integer(1));
    let SourceKind::Search(search) = &file.definitions.sources["elastic2"].kind else { panic!() };
    assert!(
        matches!(&search.authentication, Some(Authentication::ApiKey(key)) if key.expose() == "robot@project.example")
    );
    assert_eq!(search.schemas["logs"].table, "_doc");
    let error = error_of("kpis.yaml", "kpi:\n  - nmae: x\n    sql: y\n    name: z\n");
    assert_eq!(error, "kpis.yaml:2:5: unknown key `nmae`: the KPI has none of that name; did you mean `name`?");
}

#[test]
fn files_are_included_and_names_are_unique_over_all_of_them() {
    let kpi = |name: &str| format!("[[kpi]]\nname = '{name}'\nsql = 'SELECT 1'\n");
    let files = folder(&[
        ("kpis.toml", &format!("include = ['kpis.d/*.toml', 'more.yaml', 'none/*.toml']\n{}", kpi("a"))),
        ("kpis.d/2.toml", &kpi("c")),
        ("kpis.d/1.toml", &format!("[sources.s]\nkind = 'metrics'\n{}", kpi("b"))),
        ("more.yaml", "kpi: [{name: d, sql: SELECT 1}]"),
    ]);
    let file = loaded(&files.path().join("kpis.toml")).unwrap();
    let names: Vec<_> = file.definitions.kpis.iter().map(|kpi| kpi.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    assert!(file.definitions.sources.contains_key("s"));

    fs::write(files.path().join("kpis.d/3.toml"), kpi("a")).unwrap();
    let error = loaded(&files.path().join("kpis.toml")).unwrap_err().to_string();
    let (first, second) = (files.path().join("kpis.toml:2:1"), files.path().join("kpis.d/3.toml:1:1"));
    let expected = format!("{}: there is another KPI `a` at {}: names are unique", second.display(), first.display());
    assert_eq!(error, expected);
    assert!(error_of("kpis.toml", "include = ['gone.toml']").contains("`gone.toml`: there is no such file"));
}

#[test]
fn mistakes_are_named_with_their_place() {
    for (text, expected) in [
        ("a = [", "kpis.toml:1:6: this is not TOML: "),
        ("sorces = 1", "kpis.toml:1:1: unknown key `sorces`: the file has none of that name; did you mean `sources`?"),
        (
            "[[kpi]]\nname = 'a'\nsql = 'b'\ntiemout = '1s'",
            "kpis.toml:4:1: unknown key `tiemout`: the KPI has none of that name; did you mean `timeout`?",
        ),
        ("[[kpi]]\nname = 'a'\n", "kpis.toml:1:1: the KPI has no sql"),
        ("[[kpi]]\nname = ' a'\nsql = 'b'", "the KPI has the name ` a`"),
        ("[[kpi]]\nname = 'Date time'\nsql = 'b'", "and not `Date time`"),
        (
            "[[kpi]]\nname = 'a'\nsql = 'b'\nform = 'cuont'",
            "kpis.toml:4:8: form: `cuont` is none of count, rows; did you mean `count`?",
        ),
        ("[[kpi]]\nname = 'a'\nsql = 'b'\nform = 'rows'\nextract_count = true", "has both form and extract_count"),
        ("[[kpi]]\nname = 'a'\nsql = 'b'\ntimeout = '0s'", "kpis.toml:4:11: timeout: it must not be 0"),
        ("[[kpi]]\nname = 'a'\nsql = 'b'\nmax_rows = 0", "max_rows is a whole number of at least 1"),
        ("[[kpi]]\nname = 'a'\nsql = 'b'\nparams = { x = 'now-1eon' }", "kpis.toml:4:16: `now-1eon` is no instant"),
        ("[[kpi]]\nname = 'a'\nsql = 'b'\nparams = { x = [1] }", "`x` is text, a number, true or false"),
        ("[[kpi]]\nname = 'a'\nsql = 'b'\nparams = { x = 2026-01-01 }", "dates and times are written in quotes here"),
        ("[[kpi]]\nname = 'a'\nsql = 'b'\nengine = 'lake'", "engine: `lake` is no source of kind flight-sql"),
        ("[kpi]\nname = 'a'", "kpis.toml:1:1: kpi is a list: each begins with [[kpi]]"),
        ("version = 2", "kpis.toml:1:11: version is 1"),
        ("environment = '../x'", "is no name of an environment"),
        ("timezone = 'Madrid'", "timezone: `Madrid` is no IANA time zone"),
        ("[sources.a]\nkind = 'postgers'\nurl = 'x'", "kpis.toml:2:8: kind: `postgers` is none of"),
        ("[sources.a]\nurl = 'x'", "kpis.toml:1:1: the source a has no kind"),
        ("[sources.a]\nkind = 'postgres'", "the source a has no url, and no url_file either"),
        ("[sources.a]\nkind = 'postgres'\nurl = '${NOT_SET}'", "kpis.toml:3:7: url: the variable NOT_SET is not set"),
        ("[sources.a]\nkind = 'postgres'\nurl = ''", "kpis.toml:3:7: url is empty"),
        ("[sources.a]\nkind = 'metrics'\n[sources.A]\nkind = 'metrics'", "there is another source `a`"),
        ("[sources.'a-b']\nkind = 'metrics'", "`a-b` is no name of a source"),
        ("[sources.a]\nkind = 'files'", "the source a has no tables"),
        (
            "[sources.a]\nkind = 'files'\ntables = { t = { path = 'x.txt' } }",
            "has no format, and its path does not tell",
        ),
        ("[sources.a]\nkind = 'elasticsearch'\nurl = 'localhost:9200'\nschemas = {l = {}}", "has an unusable url"),
        ("[sinks.a]\nkind = 'csv'", "the sink a has no path"),
        ("[sinks.a]\nkind = 'csv'\npath = 'out/{enviroment}.csv'", "only {environment} has braces"),
        ("[sinks.a]\nkind = 'xlsx'\npath = 'a.xlsx'\ntab = 'a/b'", "the tab `a/b`"),
        (
            "[sinks.a]\nkind = 'csv'\npath = 'same'\n[sinks.b]\nkind = 'xlsx'\npath = 'same'",
            "the sink b writes where the sink a does",
        ),
        ("[[kpi]]\nname = 'a'\nsql = 'SELECT 1'\nunit = \"a\\u0000b\"", "there is a NUL in it"),
        (
            "[sources.a]\nkind = 'postgres'\nurl = 'postgres://h/d'\nstatement_timeout = '30d'",
            "longer than the 24 days that PostgreSQL takes",
        ),
        ("[sinks.a]\nkind = 'google-sheets'\nspreadsheet = '../x'", "has a spreadsheet that is no id"),
        (
            "[sinks.a]\nkind = 'google-sheets'\nspreadsheet = 'x'\nbase_url = 'http://h.example'",
            "base_url: `http://h.example` is not asked: use https://",
        ),
        ("[defaults]\nmemory_limit = '1MB'", "memory_limit: `1MB` is no size of at least 16MiB"),
    ] {
        let error = error_of("kpis.toml", text);
        assert!(error.contains(expected), "{text}\n  {error}\n  {expected}");
    }
    let none = loaded(Path::new("/nowhere/kpis.toml")).unwrap_err().to_string();
    assert!(none.starts_with("/nowhere/kpis.toml cannot be read: "), "{none}");
}

#[test]
fn a_secret_of_a_file_is_read_and_none_is_shown() {
    let text = "[sources.a]\nkind = 'postgres'\nurl_file = 'secret'\n[sources.b]\nkind = 'postgres'\nurl = '${COPRODUCTION_DATABASE_URL}'\n";
    let folder = folder(&[("kpis.toml", text), ("secret", "postgres://me:open%2Dwide@db/x\n")]);
    let file = loaded(&folder.path().join("kpis.toml")).unwrap();
    let SourceKind::Postgres(postgres) = &file.definitions.sources["a"].kind else { panic!() };
    assert_eq!(postgres.url.expose(), "postgres://me:open%2Dwide@db/x");
    let shown = format!("{file:?}");
    assert!(!shown.contains("sesame") && !shown.contains("wide"), "{shown}");
    let text = "cannot log in with sesame-open, open%2Dwide, open-wide";
    assert_eq!(file.secrets.hide(text), "cannot log in with ***, ***, ***");
    let both = "[sources.a]\nkind = 'postgres'\nurl_file = 'secret'\nurl = 'x'";
    assert!(error_of("kpis.toml", both).contains("url and url_file are both given: leave one out"));
}

#[test]
fn the_example_can_be_used_as_it_is() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/kpis.example.toml");
    let options = Options { environment: None, as_of: as_of(), variables: &|_| None };
    let file = load(&example, &options).unwrap();
    assert_eq!((file.definitions.kpis.len(), file.definitions.sources.len(), file.sinks.len()), (4, 4, 2));
}
