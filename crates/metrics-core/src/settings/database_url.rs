//! Addresses of databases.

use std::fmt;
use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// Address of a PostgreSQL database, as `postgres://…` or `key=value …`. `Display` and `Debug` mask the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    text: String,
    config: Config,
}

/// The parts that the variables `DB_HOST`, `DB_PORT`, … give one by one.
pub(super) struct DatabaseParts<'a> {
    pub host: &'a str,
    pub port: u16,
    pub name: &'a str,
    pub username: &'a str,
    pub password: &'a str,
}

impl DatabaseUrl {
    /// Address of the database `name` of a server on this machine that lets `username` in through a socket in
    /// `socket_dir`.
    pub fn local(socket_dir: &Path, username: &str, name: &str) -> Self {
        let mut config = Config::new();
        config.host_path(socket_dir).port(5432).user(username).dbname(name);
        let host = escaped(socket_dir.as_os_str().as_encoded_bytes());
        let text = format!("postgres://{}@{host}:5432/{}", escaped(username.as_bytes()), escaped(name.as_bytes()));
        Self { text, config }
    }

    /// The address with its password, for another process's settings.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The address as the driver reads it.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Host, port and database, for messages.
    pub fn target(&self) -> String {
        let database = self.config.get_dbname().or(self.config.get_user()).unwrap_or("(default)");
        format!("database {database} at {}", self.server())
    }

    fn server(&self) -> String {
        let ports = self.config.get_ports();
        let hosts: Vec<String> = self
            .config
            .get_hosts()
            .iter()
            .enumerate()
            .map(|(index, host)| {
                let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
                match host {
                    Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
                    Host::Tcp(name) => format!("{name}:{port}"),
                    Host::Unix(folder) => format!("{}/.s.PGSQL.{port}", folder.display()),
                }
            })
            .collect();
        if hosts.is_empty() { "(no host given)".to_owned() } else { hosts.join(",") }
    }
}

impl TryFrom<DatabaseParts<'_>> for DatabaseUrl {
    type Error = String;

    fn try_from(parts: DatabaseParts<'_>) -> Result<Self, String> {
        let DatabaseParts { host, port, name, username, password } = parts;
        format!(
            "postgres://{}:{}@{}:{port}/{}",
            escaped(username.as_bytes()),
            escaped(password.as_bytes()),
            if host.starts_with('[') { host.to_owned() } else { escaped(host.as_bytes()) },
            escaped(name.as_bytes())
        )
        .parse()
    }
}

/// Percent-encoding of everything that has a meaning in an address.
fn escaped(text: &[u8]) -> String {
    let mut out = String::new();
    for &byte in text {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
            out.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let config: Config = text.parse().map_err(|error: tokio_postgres::Error| {
            // The driver names the option that it does not understand, never its value.
            let detail = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            let mut reason = format!("not an address of a PostgreSQL database ({detail})");
            if text.contains("sslmode=verify") {
                reason.push_str("; write sslmode=require: the certificate is verified then, too");
            }
            reason
        })?;
        // The driver takes the first @ for the end of the password: what is behind it would show up as a host.
        let behind = text.split_once("://").and_then(|(_, address)| address.split_once('@')).map(|(_, behind)| behind);
        if behind.is_some_and(|behind| behind.contains(['@', '#'])) {
            return Err(
                "it holds an @ or # more than an address has; within a user or a password @ is written %40, # %23, \
                        / %2F and % %25"
                    .to_owned(),
            );
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err("it names no host; write postgres://USER:PASSWORD@HOST:PORT/DATABASE".to_owned());
        }
        Ok(Self { text: text.to_owned(), config })
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.config.get_user().unwrap_or("");
        let password = if self.config.get_password().is_some() { ":***" } else { "" };
        let at = if user.is_empty() && password.is_empty() { "" } else { "@" };
        write!(f, "postgres://{user}{password}{at}{}/{}", self.server(), self.config.get_dbname().unwrap_or(""))?;
        match self.config.get_ssl_mode() {
            SslMode::Disable => f.write_str("?sslmode=disable"),
            SslMode::Require => f.write_str("?sslmode=require"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_an_address_shows_its_password() {
        for text in [
            "postgres://me:hidden@db.example:6432/metrics?sslmode=require",
            "host=db.example port=6432 user=me password=hidden dbname=metrics sslmode=require",
            "postgres://me@db.example:6432/metrics?password=hidden&sslmode=require",
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(format!("{url}"), "postgres://me:***@db.example:6432/metrics?sslmode=require");
            assert_eq!(format!("{url:?}"), format!("{url}"));
            assert_eq!(url.target(), "database metrics at db.example:6432");
            assert_eq!(url.expose(), text);
        }
    }

    #[test]
    fn parts_are_escaped() {
        let parts = DatabaseParts { host: "/run/pg", port: 5433, name: "a b", username: "u@x", password: "p:/?#[]@%" };
        let url = DatabaseUrl::try_from(parts).unwrap();
        assert_eq!(url.config().get_user(), Some("u@x"));
        assert_eq!(url.config().get_password(), Some(b"p:/?#[]@%".as_slice()));
        assert_eq!(url.config().get_dbname(), Some("a b"));
        assert_eq!(url.config().get_hosts(), [Host::Unix("/run/pg".into())]);
        assert_eq!(url.target(), "database a b at /run/pg/.s.PGSQL.5433");
    }

    #[test]
    fn a_local_address_reads_as_it_was_written() {
        let url = DatabaseUrl::local(Path::new("/run/my pg"), "postgres", "a b");
        assert_eq!(url.expose().parse::<DatabaseUrl>().unwrap(), url);
    }

    #[test]
    fn what_cannot_be_used_is_said_without_the_value() {
        let error = "postgres://me:hidden@host/db?sslmode=verify-full".parse::<DatabaseUrl>().unwrap_err();
        assert!(error.contains("sslmode=require") && !error.contains("hidden"), "{error}");
        for password in ["hid@den", "hid@den#", "a@hid/den", "hid#a@den"] {
            let error = format!("postgres://me:{password}@host/db").parse::<DatabaseUrl>().unwrap_err();
            assert!(error.contains("@ is written %40") && !error.contains("hid"), "{error}");
        }
        assert!("postgres://me:a/b#c@host/db".parse::<DatabaseUrl>().unwrap().target() == "database db at host:5432");
        let error = "hidden".parse::<DatabaseUrl>().unwrap_err();
        assert!(error.starts_with("not an address") && !error.contains("hidden"), "{error}");
        let error = "postgres:///db".parse::<DatabaseUrl>().unwrap_err();
        assert!(error.contains("names no host"), "{error}");
    }
}
