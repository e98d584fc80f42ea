//! A PostgreSQL server of our own, for when none is given: a folder, started when the first of our processes needs
//! it and stopped when the last one leaves.
//!
//! ```text
//! <dir>/data           the cluster
//! <dir>/postgres.log   its log
//! <dir>/socket         its socket (or a folder under /tmp, where the path would be too long for one)
//! <dir>/clients        each process that uses the server holds this file locked, shared
//! <dir>/turn           held while starting or stopping, so that the two never overlap
//! ```
//!
//! The locks vanish with their process, however it ends. So after a `kill -9` the server goes on, nothing is lost,
//! the next process attaches, and the last one out stops it. The server listens on no network address, and its
//! socket lies in a folder that only its own user (and root) can enter.

mod account;
mod cluster;
mod error;
mod programs;

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use self::account::Account;
use self::cluster::Cluster;
pub use self::error::EmbeddedError;
use super::connect::{ConnectOptions, connect};
use super::error::DbError;
use crate::settings::DatabaseUrl;

/// How an embedded server is run.
#[derive(Debug, Clone)]
pub struct EmbeddedOptions {
    /// Its folder; made when missing.
    pub dir: PathBuf,
    /// Folder of initdb, postgres and `pg_ctl`; `None`: searched for.
    pub bin_dir: Option<PathBuf>,
    /// The value of `PATH`, searched before the usual places.
    pub search_path: Option<OsString>,
    /// False: a crash of the machine may destroy the data. For tests, which gain speed by it.
    pub durable: bool,
    /// Connections that the server takes at most.
    pub max_connections: u16,
}

impl EmbeddedOptions {
    /// A durable server in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), bin_dir: None, search_path: None, durable: true, max_connections: 100 }
    }
}

/// Use of an embedded server. Dropping the last use of all processes stops the server, which blocks until it has.
#[derive(Debug)]
pub struct Embedded {
    cluster: Cluster,
    /// Locked shared as long as the server is used.
    clients: File,
}

impl Embedded {
    /// Starts the server in `options.dir`, or attaches to the one that runs there. Blocks, seconds at first use.
    pub fn start(options: &EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let asked = std::path::absolute(&options.dir)
            .map_err(|source| EmbeddedError::folder("find", options.dir.clone(), source))?;
        let (dir, account) = place(asked)?;
        make_folder(&dir, account.as_ref())?;
        // One spelling for all processes, by which a running server is recognised.
        let dir = dir.canonicalize().map_err(|source| EmbeddedError::folder("find", dir, source))?;

        let turn = lock_file(&dir, "turn", account.as_ref())?;
        turn.lock().map_err(|source| EmbeddedError::folder("lock", dir.join("turn"), source))?;
        let clients = lock_file(&dir, "clients", account.as_ref())?;
        // Only a process that just stopped the server and is about to end can hold it exclusively now.
        clients.lock_shared().map_err(|source| EmbeddedError::folder("lock", dir.join("clients"), source))?;
        let cluster = Cluster::open(dir, account, options)?;
        cluster.ensure_running(options)?;
        Ok(Self { cluster, clients })
    }

    /// The server's folder, absolute.
    pub fn dir(&self) -> &Path {
        &self.cluster.dir
    }

    /// Address of its database `name`.
    pub fn url(&self, name: &str) -> DatabaseUrl {
        DatabaseUrl::local(&self.cluster.socket_dir, cluster::SUPERUSER, name)
    }

    /// Creates the database `name` unless it exists.
    pub async fn ensure_database(&self, name: &str, options: &ConnectOptions) -> Result<(), DbError> {
        let client = connect(&self.url("postgres"), options).await?;
        if client.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name]).await?.is_some() {
            return Ok(());
        }
        // An identifier cannot be bound: the server quotes it.
        let statement: String =
            client.query_one("SELECT format('CREATE DATABASE %I', $1::text)", &[&name]).await?.get(0);
        match client.batch_execute(&statement).await {
            // Another process was faster.
            Err(error) if error.code().is_some_and(|code| matches!(code.code(), "42P04" | "23505")) => Ok(()),
            other => Ok(other?),
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Err(error) = self.leave() {
            tracing::warn!(
                "embedded PostgreSQL in {} is left running: {}",
                self.dir().display(),
                super::connect::chain(&error)
            );
        }
    }
}

impl Embedded {
    /// Stops the server when no other process uses it.
    fn leave(&self) -> Result<(), EmbeddedError> {
        let dir = self.dir();
        let failed = |source| EmbeddedError::folder("lock", dir.join("clients"), source);
        let turn = lock_file(dir, "turn", self.cluster.account.as_ref())?;
        turn.lock().map_err(failed)?;
        // While we have the turn nobody new comes in, so there is no gap between these two.
        self.clients.unlock().map_err(failed)?;
        match self.clients.try_lock() {
            Ok(()) => self.cluster.stop(),
            Err(TryLockError::WouldBlock) => Ok(()),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// The folder and the user for a server that is asked to be in `asked`.
///
/// Root's home is closed to the user that runs root's server; then the folder is under `/var/lib`, named after the
/// path that was asked for.
fn place(asked: PathBuf) -> Result<(PathBuf, Option<Account>), EmbeddedError> {
    match Account::for_folder(&asked)? {
        Some(account) if !account.can_search_above(&asked) => {
            let dir = Path::new("/var/lib").join(account::name_of_path(&asked));
            tracing::info!(
                "user {} of the embedded PostgreSQL cannot enter {}: using {} instead",
                account.name,
                asked.display(),
                dir.display()
            );
            let account = Account::for_folder(&dir)?;
            Ok((dir, account))
        }
        account => Ok((asked, account)),
    }
}

/// Makes `dir` with its parents, private to the server's user.
fn make_folder(dir: &Path, account: Option<&Account>) -> Result<(), EmbeddedError> {
    let failed = |source| EmbeddedError::folder("make", dir.to_owned(), source);
    let missing: Vec<&Path> = dir.ancestors().skip(1).take_while(|parent| !parent.exists()).collect();
    for parent in missing.into_iter().rev() {
        fs::create_dir(parent).or_else(existing).map_err(failed)?;
        if account.is_some() {
            // Root's umask may close what it makes to the server's user.
            fs::set_permissions(parent, fs::Permissions::from_mode(0o755)).map_err(failed)?;
        }
    }
    fs::DirBuilder::new().mode(0o700).create(dir).or_else(existing).map_err(failed)?;
    let metadata = fs::metadata(dir).map_err(failed)?;
    if !metadata.is_dir() {
        return Err(failed(io::ErrorKind::NotADirectory.into()));
    }
    let owner = account.map_or_else(|| rustix::process::geteuid().as_raw(), |account| account.uid);
    if metadata.uid() != owner {
        let foreign = || EmbeddedError::ForeignFolder { path: dir.to_owned(), owner: metadata.uid() };
        let account = account.ok_or_else(foreign)?;
        // Root may hand it over only while it is empty: it could be somebody's folder.
        if fs::read_dir(dir).map_err(failed)?.next().is_some() {
            return Err(foreign());
        }
        chown(dir, Some(account.uid), Some(account.gid)).map_err(failed)?;
    }
    if metadata.mode() & 0o077 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

/// Another process may have made a folder at the same time.
fn existing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(error) }
}

/// Opens the lock file `name`, made for the server's user when root makes it.
fn lock_file(dir: &Path, name: &str, account: Option<&Account>) -> Result<File, EmbeddedError> {
    let path = dir.join(name);
    let open = || -> io::Result<File> {
        let file = File::options().create(true).truncate(false).write(true).open(&path)?;
        if let Some(account) = account
            && file.metadata()?.uid() != account.uid
        {
            std::os::unix::fs::fchown(&file, Some(account.uid), Some(account.gid))?;
        }
        Ok(file)
    };
    open().map_err(|source| EmbeddedError::folder("open", path.clone(), source))
}
