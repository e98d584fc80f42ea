//! `[sinks.*]`.

use std::path::{Path, PathBuf};

use metrics_core::google::ServiceAccount;
use metrics_core::secret::Secret;
use url::Url;

use super::beside;
use super::document::{FileError, Key, Node};
use super::reader::{Context, Table};

/// Address of the API of Google Sheets.
const SHEETS_URL: &str = "https://sheets.googleapis.com/v4";

/// Where the rows of runs go.
#[derive(Debug, Clone)]
pub struct Sink {
    /// Its name in the file.
    pub name: String,
    /// What it is.
    pub kind: SinkKind,
}

/// Kinds of sinks.
#[derive(Debug, Clone)]
pub enum SinkKind {
    /// A CSV file.
    Csv {
        /// Where it is.
        path: PathBuf,
    },
    /// A workbook.
    Xlsx {
        /// Where it is.
        path: PathBuf,
        /// Name of its sheet.
        tab: String,
    },
    /// A tab of a Google spreadsheet.
    Sheets(Box<SheetsSink>),
}

impl SinkKind {
    /// Whether what `other` writes would be written over.
    pub(super) fn writes_where(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Csv { path } | Self::Xlsx { path, .. },
                Self::Csv { path: other } | Self::Xlsx { path: other, .. },
            ) => path == other,
            (Self::Sheets(sheet), Self::Sheets(other)) => {
                (&sheet.base_url, &sheet.spreadsheet, &sheet.tab) == (&other.base_url, &other.spreadsheet, &other.tab)
            }
            _ => false,
        }
    }
}

/// A tab of a Google spreadsheet.
#[derive(Debug, Clone)]
pub struct SheetsSink {
    /// Id of the spreadsheet.
    pub spreadsheet: String,
    /// Name of the tab.
    pub tab: String,
    /// Whether the tab is made where there is none. The spreadsheet never is.
    pub creates_tab: bool,
    /// Who writes.
    pub credentials: Credentials,
    /// Address of the API.
    pub base_url: String,
    /// Where tokens are asked for; absent: where the key says.
    pub token_url: Option<String>,
}

/// A service account's key.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// In a file.
    File(PathBuf),
    /// In variables.
    Variables {
        /// E-mail address.
        email: String,
        /// PEM of PKCS #8.
        private_key: Secret,
        /// Which of the account's keys it is.
        key_id: Option<String>,
    },
}

impl Credentials {
    /// The account.
    pub fn account(&self) -> Result<ServiceAccount, String> {
        match self {
            Self::File(file) => {
                ServiceAccount::of_key_file(file).map_err(|error| format!("the key file {} {error}", file.display()))
            }
            Self::Variables { email, private_key, key_id } => ServiceAccount::new(email, private_key, key_id.clone())
                .map_err(|error| format!("the account of KPIS_GOOGLE_CLIENT_EMAIL {error} (KPIS_GOOGLE_PRIVATE_KEY)")),
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Csv,
    Xlsx,
    Sheets,
}

/// A sink.
pub fn read_sink(key: &Key, node: Node, environment: &str, context: &Context<'_>) -> Result<Sink, FileError> {
    let file = node.place.file.clone();
    let mut table = Table::of(node, format!("the sink {}", key.name), context)?;
    let kinds = [("csv", Kind::Csv), ("xlsx", Kind::Xlsx), ("google-sheets", Kind::Sheets)];
    let Some(kind) = table.word("kind", &kinds)? else {
        return Err(table.error("has no kind: it is one of csv, xlsx, google-sheets"));
    };
    let kind = match kind {
        Kind::Csv => SinkKind::Csv { path: path(&mut table, &file, environment)? },
        Kind::Xlsx => {
            let (path, tab) = (path(&mut table, &file, environment)?, tab(&mut table, environment)?);
            if tab.contains(|char| "[]:*?/\\".contains(char)) || tab.starts_with('\'') || tab.ends_with('\'') {
                return Err(table.error(format!(
                    "has the tab `{tab}`: that of a workbook has none of [ ] : * ? / \\, and no ' at its ends"
                )));
            }
            SinkKind::Xlsx { path, tab }
        }
        Kind::Sheets => SinkKind::Sheets(Box::new(sheets(&mut table, environment, context)?)),
    };
    table.finish()?;
    Ok(Sink { name: key.name.clone(), kind })
}

fn path(table: &mut Table<'_>, file: &Path, environment: &str) -> Result<PathBuf, FileError> {
    let path = table.required("path")?;
    Ok(beside(file, &in_environment(table, &path, environment)?))
}

fn tab(table: &mut Table<'_>, environment: &str) -> Result<String, FileError> {
    let tab = table.text("tab")?.unwrap_or_else(|| "{environment}".to_owned());
    in_environment(table, &tab, environment)
}

fn in_environment(table: &Table<'_>, text: &str, environment: &str) -> Result<String, FileError> {
    if text.replace("{environment}", "").contains(['{', '}']) {
        return Err(table.error(format!("has `{text}`, in which only {{environment}} has braces")));
    }
    Ok(text.replace("{environment}", environment))
}

fn sheets(table: &mut Table<'_>, environment: &str, context: &Context<'_>) -> Result<SheetsSink, FileError> {
    let spreadsheet = table.required("spreadsheet")?;
    // People have the address at hand, which has the id in it.
    let spreadsheet = match spreadsheet.split_once("/spreadsheets/d/") {
        Some((_, id)) => id.split(['/', '?', '#']).next().unwrap_or_default().to_owned(),
        None => spreadsheet,
    };
    if !spreadsheet.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_')) {
        return Err(table.error("has a spreadsheet that is no id: letters, digits, - and _"));
    }
    let file = table.place().file.clone();
    let credentials_file = table.text("credentials_file")?.filter(|path| !path.is_empty());
    let credentials = match credentials_file {
        Some(path) => Credentials::File(beside(&file, &path)),
        None => credentials_of_variables(context).ok_or_else(|| {
            table.error("has no credentials_file, and KPIS_GOOGLE_CLIENT_EMAIL and KPIS_GOOGLE_PRIVATE_KEY are not set")
        })?,
    };
    Ok(SheetsSink {
        spreadsheet,
        tab: tab(table, environment)?,
        creates_tab: table.boolean("create_tab")?.unwrap_or(false),
        credentials,
        base_url: table.parsed("base_url", server)?.unwrap_or_else(|| SHEETS_URL.to_owned()),
        token_url: table.parsed("token_url", server)?,
    })
}

fn credentials_of_variables(context: &Context<'_>) -> Option<Credentials> {
    let variable = |name: &str| (context.variables)(name).filter(|value| !value.is_empty());
    let email = variable("KPIS_GOOGLE_CLIENT_EMAIL")?;
    // Where a variable cannot hold lines, they are joined by a backslash and an n.
    let private_key = variable("KPIS_GOOGLE_PRIVATE_KEY")?.replace("\\n", "\n");
    let private_key = context.secret(private_key);
    Some(Credentials::Variables { email, private_key, key_id: variable("KPIS_GOOGLE_PRIVATE_KEY_ID") })
}

/// An address by `https`, or of this machine by `http` too: what is sent there is secret.
fn server(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("`{text}` is no address: {error}"))?;
    let is_local = url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => Ok(text.trim_end_matches('/').to_owned()),
        "http" if is_local => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err(format!("`{text}` is not asked: use https://")),
    }
}
