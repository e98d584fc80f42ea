//! The user that runs the server: ourselves, or, since PostgreSQL refuses root, an ordinary user of the system.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::error::EmbeddedError;

/// A user of the system other than ourselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

impl Account {
    /// The user for the server in `dir`: `None` is ourselves. For root it is the folder's owner when there is
    /// one already, else `postgres`, else `nobody`.
    pub(super) fn for_folder(dir: &Path) -> Result<Option<Self>, EmbeddedError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let accounts: Vec<Self> = passwd.lines().filter_map(Self::parse).collect();
        let owner = fs::metadata(dir.join("data")).ok().map(|metadata| metadata.uid());
        let of_owner = accounts.iter().find(|account| account.uid != 0 && Some(account.uid) == owner);
        let named = |name: &str| accounts.iter().find(|account| account.name == name);
        let account = of_owner.or_else(|| named("postgres")).or_else(|| named("nobody"));
        account.cloned().map(Some).ok_or(EmbeddedError::NoAccount)
    }

    /// A line of `/etc/passwd`.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let mut numbers = fields.skip(1).map_while(|field| field.parse().ok());
        Some(Self { name, uid: numbers.next()?, gid: numbers.next()? })
    }

    /// Whether the account may enter every existing folder above `path`.
    pub(super) fn can_search_above(&self, path: &Path) -> bool {
        path.ancestors().skip(1).filter_map(|folder| fs::metadata(folder).ok()).all(|metadata| {
            let search = if metadata.uid() == self.uid {
                0o100
            } else if metadata.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            metadata.mode() & search != 0
        })
    }

    /// Makes `command` run as this user, without root's groups.
    pub(super) fn run_as(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }
}

/// A file name that only `path` has: `/root/a-b` is `metrics-root-a_2Db`.
pub(super) fn name_of_path(path: &Path) -> String {
    let mut name = "metrics".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' => name.push('-'),
            b'.' => name.push('.'),
            byte if byte.is_ascii_alphanumeric() => name.push(char::from(*byte)),
            byte => {
                // Writing into a String cannot fail.
                let _ = write!(name, "_{byte:02X}");
            }
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_passwd_names_user_and_group() {
        let account = Account::parse("postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash");
        assert_eq!(account, Some(Account { name: "postgres".to_owned(), uid: 101, gid: 104 }));
        assert_eq!(Account::parse("nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false"), None);
        assert_eq!(Account::parse(""), None);
    }

    #[test]
    fn different_paths_have_different_names() {
        assert_eq!(name_of_path(Path::new("/root/my-app/data/postgres")), "metrics-root-my_2Dapp-data-postgres");
        assert_ne!(name_of_path(Path::new("/a-b/c")), name_of_path(Path::new("/a/b-c")));
        assert_ne!(name_of_path(Path::new("/a_2Db")), name_of_path(Path::new("/a-b")));
    }
}
