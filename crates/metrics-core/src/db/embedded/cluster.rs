//! The cluster in its folder: made, started, found running, stopped.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::EmbeddedOptions;
use super::account::Account;
use super::error::EmbeddedError;
use super::programs::Programs;

pub(super) const SUPERUSER: &str = "postgres";
const SOCKET: &str = ".s.PGSQL.5432";
/// Longest path of a socket that every system takes (macOS: 104 bytes with the closing zero).
const LONGEST_SOCKET: usize = 100;
/// Recovery after a crash may take a while on a slow disk.
const PATIENCE: Duration = Duration::from_mins(2);
/// Above this the log of the server is set aside at its start.
const LONGEST_LOG: u64 = 10 * 1024 * 1024;

/// A cluster and the programs and user to run it.
#[derive(Debug)]
pub(super) struct Cluster {
    pub dir: PathBuf,
    pub socket_dir: PathBuf,
    pub account: Option<Account>,
    programs: Programs,
}

impl Cluster {
    /// The cluster in `dir`, made when it is not there.
    pub(super) fn open(
        dir: PathBuf,
        account: Option<Account>,
        options: &EmbeddedOptions,
    ) -> Result<Self, EmbeddedError> {
        let data = dir.join("data");
        let version = match fs::read_to_string(data.join("PG_VERSION")) {
            Ok(text) => text.trim().parse().ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(EmbeddedError::folder("read", data.join("PG_VERSION"), source)),
        };
        let programs = Programs::find(
            options.bin_dir.as_deref(),
            options.search_path.as_deref(),
            account.as_ref(),
            version.map(|version| (version, data.as_path())),
        )?;
        let cluster = Self { socket_dir: socket_dir(&dir), dir, account, programs };
        if version.is_none() {
            cluster.create(options)?;
        }
        Ok(cluster)
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    fn log(&self) -> PathBuf {
        self.dir.join("postgres.log")
    }

    /// Makes the cluster beside its place and moves it there when it is complete, so that an interrupted initdb
    /// leaves nothing that looks like a cluster.
    fn create(&self, options: &EmbeddedOptions) -> Result<(), EmbeddedError> {
        let unfinished = self.dir.join("data.new");
        let failed = |source| EmbeddedError::folder("make", unfinished.clone(), source);
        let initdb = |locale: &str| {
            remove_folder(&unfinished).map_err(failed)?;
            let mut command = self.programs.command("initdb", self.account.as_ref());
            command.arg("-D").arg(&unfinished).args([
                "-U",
                SUPERUSER,
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-instructions",
            ]);
            command.arg(format!("--locale={locale}"));
            if !options.durable {
                command.arg("--no-sync");
            }
            self.run("initdb", command)
        };
        // Not every system has C.UTF-8, in which upper and lower case are those of Unicode.
        initdb("C.UTF-8").or_else(|_| initdb("C"))?;
        let mut configuration =
            fs::OpenOptions::new().append(true).open(unfinished.join("postgresql.conf")).map_err(failed)?;
        configuration.write_all(b"\ninclude_if_exists = 'metrics.conf'\n").map_err(failed)?;
        fs::rename(&unfinished, self.data()).map_err(failed)
    }

    /// Starts the server unless it runs, and waits until it takes connections. The caller has the turn.
    pub(super) fn ensure_running(&self, options: &EmbeddedOptions) -> Result<(), EmbeddedError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // A process that was killed in the middle of its turn may have left a server that is about to listen,
            // or about to stop: hence more than one attempt.
            if self.listens() {
                if self.is_ready() {
                    return Ok(());
                }
            } else {
                let was_alive = self.is_alive();
                match self.start(options) {
                    Ok(()) => return Ok(()),
                    Err(error) if Instant::now() > deadline || !(was_alive || self.is_alive()) => return Err(error),
                    Err(_) => {}
                }
            }
            if Instant::now() > deadline {
                return Err(EmbeddedError::Failed { program: "postgres", output: self.log_end() });
            }
            sleep(Duration::from_millis(100));
        }
    }

    fn start(&self, options: &EmbeddedOptions) -> Result<(), EmbeddedError> {
        self.remove_stale_files()?;
        self.make_socket_dir()?;
        self.write_configuration(options)?;
        if fs::metadata(self.log()).is_ok_and(|log| log.len() > LONGEST_LOG) {
            fs::rename(self.log(), self.dir.join("postgres.log.old"))
                .map_err(|source| EmbeddedError::folder("rename", self.log(), source))?;
        }
        let mut command = self.pg_ctl("start");
        command.arg("-l").arg(self.log());
        self.run("pg_ctl start", command)
    }

    /// Stops the server; what is committed is on disk then.
    pub(super) fn stop(&self) -> Result<(), EmbeddedError> {
        if !self.data().join("postmaster.pid").exists() {
            return Ok(());
        }
        let mut command = self.pg_ctl("stop");
        command.args(["-m", "fast"]);
        self.run("pg_ctl stop", command)
    }

    fn pg_ctl(&self, action: &str) -> Command {
        let mut command = self.programs.command("pg_ctl", self.account.as_ref());
        command.arg(action).arg("-D").arg(self.data()).args(["-w", "-s", "-t", "120"]);
        command
    }

    /// Runs a program out of reach of the terminal's Ctrl-C, which would stop a half-started server.
    fn run(&self, name: &'static str, mut command: Command) -> Result<(), EmbeddedError> {
        let output = command
            .process_group(0)
            .stdin(Stdio::null())
            .output()
            .map_err(|source| EmbeddedError::Run { program: command.get_program().into(), source })?;
        if output.status.success() {
            return Ok(());
        }
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        text.push_str(&self.log_end());
        Err(EmbeddedError::Failed { program: name, output: text.trim_end().to_owned() })
    }

    /// The last lines of the server's log.
    fn log_end(&self) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        let end = lines[lines.len().saturating_sub(10)..].join("\n");
        if end.is_empty() { end } else { format!("{}:\n{end}", self.log().display()) }
    }

    /// Whether somebody answers on the socket. The process number in postmaster.pid proves nothing: after a restart
    /// of the machine it may be another process's.
    fn listens(&self) -> bool {
        UnixStream::connect(self.socket_dir.join(SOCKET)).is_ok()
    }

    /// Whether the server says that it takes connections.
    fn is_ready(&self) -> bool {
        // The eighth line; see miscadmin.h, LOCK_FILE_LINE_PM_STATUS.
        self.pid_file().and_then(|text| Some(text.lines().nth(7)?.trim() == "ready")).unwrap_or(false)
    }

    fn pid_file(&self) -> Option<String> {
        fs::read_to_string(self.data().join("postmaster.pid")).ok()
    }

    /// Whether the process that postmaster.pid names is a server of this cluster.
    fn is_alive(&self) -> bool {
        let pid = self.pid_file().and_then(|text| text.lines().next()?.trim().parse::<u32>().ok());
        pid.is_some_and(|pid| command_line(pid).is_some_and(|line| line.contains(&*self.data().to_string_lossy())))
    }

    /// Removes what a server that is no more left behind. PostgreSQL does so itself unless another process has got
    /// the old server's number, as happens in containers.
    fn remove_stale_files(&self) -> Result<(), EmbeddedError> {
        if self.is_alive() {
            return Ok(());
        }
        let lock_of_socket = self.socket_dir.join(format!("{SOCKET}.lock"));
        for path in [self.data().join("postmaster.pid"), self.socket_dir.join(SOCKET), lock_of_socket] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other.map_err(|source| EmbeddedError::folder("remove", path, source))?,
            }
        }
        Ok(())
    }

    /// Makes the folder of the socket, private to the server's user, or sees that it is.
    fn make_socket_dir(&self) -> Result<(), EmbeddedError> {
        let dir = &self.socket_dir;
        let failed = |source| EmbeddedError::folder("make", dir.clone(), source);
        match fs::DirBuilder::new().mode(0o700).create(dir) {
            Ok(()) => {
                if let Some(account) = &self.account {
                    chown(dir, Some(account.uid), Some(account.gid)).map_err(failed)?;
                }
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Under /tmp somebody else could have made it, to read what we send.
                let metadata = fs::symlink_metadata(dir).map_err(failed)?;
                let owner =
                    self.account.as_ref().map_or_else(|| rustix::process::geteuid().as_raw(), |account| account.uid);
                if metadata.is_dir() && metadata.uid() == owner && metadata.mode() & 0o777 == 0o700 {
                    Ok(())
                } else {
                    Err(EmbeddedError::ForeignFolder { path: dir.clone(), owner: metadata.uid() })
                }
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Writes the settings of the server, anew at each start.
    fn write_configuration(&self, options: &EmbeddedOptions) -> Result<(), EmbeddedError> {
        let path = self.data().join("metrics.conf");
        let mut text = format!(
            "# Written by metrics at each start.\n\
             listen_addresses = ''\n\
             port = 5432\n\
             unix_socket_directories = '{}'\n\
             unix_socket_permissions = 0700\n\
             max_connections = {}\n\
             timezone = 'UTC'\n\
             log_timezone = 'UTC'\n\
             log_checkpoints = off\n\
             log_line_prefix = '%m [%p] %a '\n",
            self.socket_dir.display(),
            options.max_connections
        );
        if !options.durable {
            text.push_str("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n");
        }
        fs::write(&path, text).map_err(|source| EmbeddedError::folder("write", path.clone(), source))?;
        if let Some(account) = &self.account {
            chown(&path, Some(account.uid), Some(account.gid))
                .map_err(|source| EmbeddedError::folder("write", path, source))?;
        }
        Ok(())
    }
}

/// The folder of the socket: in `dir`, unless its path is too long or has characters with a meaning in PostgreSQL's
/// configuration; then a folder under `/tmp` named by a checksum of it.
fn socket_dir(dir: &Path) -> PathBuf {
    let inside = dir.join("socket");
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+".contains(byte);
    let path = inside.as_os_str().as_encoded_bytes();
    if path.len() + 1 + SOCKET.len() <= LONGEST_SOCKET && path.iter().all(plain) {
        return inside;
    }
    // FNV-1a, the same in every version of our programs.
    let checksum = path
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    PathBuf::from(format!("/tmp/metrics-{checksum:016x}"))
}

/// The command line of a process, if it exists.
fn command_line(pid: u32) -> Option<String> {
    if Path::new("/proc/self/cmdline").exists() {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        return Some(String::from_utf8_lossy(&bytes).replace('\0', " "));
    }
    let output = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_in_its_folder_unless_the_path_is_long_or_odd() {
        assert_eq!(socket_dir(Path::new("/srv/data/postgres")), Path::new("/srv/data/postgres/socket"));
        let long = PathBuf::from(format!("/{}", "x".repeat(90)));
        let (first, second) = (socket_dir(&long), socket_dir(&long.join("y")));
        assert!(first.starts_with("/tmp") && first != second, "{}", first.display());
        assert!(socket_dir(Path::new("/srv/it's mine")).starts_with("/tmp"));
    }
}
