//! The files that set things up and run them: scripts, crontab, images, compose. Read here as the tools would read
//! them, since those are not on every machine.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::binary;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A folder with a program that runs `script`, or a link to the system's own program, for each name.
fn programs(own: &[&str], scripts: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in own {
        let found = ["/bin", "/usr/bin"].iter().map(|place| Path::new(place).join(name)).find(|path| path.exists());
        symlink(found.unwrap_or_else(|| panic!("{name} is missing")), folder.path().join(name)).unwrap();
    }
    for (name, script) in scripts {
        write_program(&folder.path().join(name), script);
    }
    folder
}

fn write_program(path: &Path, script: &str) {
    fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

// scripts/postgres

const BASICS: &[&str] = &["sh", "sed", "grep", "dirname", "uname", "env", "cat", "mkdir", "chmod"];

/// Makes a folder of server programs that say they are `version`.
fn install_command(version: &str) -> String {
    format!(
        "bin=\"$METRICS_TEST_POSTGRES_ROOT/usr/lib/postgresql/{version}/bin\"; mkdir -p \"$bin\"; \
         for name in initdb pg_ctl postgres; do \
         printf '#!/bin/sh\\necho \"postgres (PostgreSQL) {version}.1\"\\n' > \"$bin/$name\"; \
         chmod +x \"$bin/$name\"; done"
    )
}

/// Runs scripts/postgres from a folder of its own, on a machine with these programs and no PostgreSQL but `present`.
fn run_postgres_script(scripts: &[(&str, &str)], present: &[&str]) -> Output {
    let machine = TempDir::new().unwrap();
    let path = programs(BASICS, scripts);
    let project = TempDir::new().unwrap();
    fs::create_dir(project.path().join("scripts")).unwrap();
    fs::copy(root().join("scripts/postgres"), project.path().join("scripts/postgres")).unwrap();
    for version in present {
        let made = Command::new("sh")
            .args(["-c", &install_command(version)])
            .env("METRICS_TEST_POSTGRES_ROOT", machine.path())
            .status();
        assert!(made.unwrap().success());
    }
    let output = Command::new(project.path().join("scripts/postgres"))
        .env_clear()
        .env("PATH", path.path())
        .env("METRICS_TEST_POSTGRES_ROOT", machine.path())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let shown = text(&output.stdout).replace(&*machine.path().to_string_lossy(), "");
    Output { stdout: shown.into_bytes(), ..output }
}

#[test]
fn the_newest_postgresql_of_the_machine_is_used_and_an_old_one_is_not() {
    let found = run_postgres_script(&[("id", "echo 1000")], &["9", "14", "15", "16"]);
    assert_eq!(found.status.code(), Some(0), "{}", text(&found.stderr));
    assert_eq!(text(&found.stdout), "/usr/lib/postgresql/16/bin\n");
    assert_eq!(run_postgres_script(&[("id", "echo 1000")], &["14"]).status.code(), Some(3));
}

#[test]
fn without_rights_and_without_npm_the_script_says_what_to_run() {
    let refused = run_postgres_script(&[("id", "echo 1000"), ("apt-get", "exit 99"), ("sudo", "exit 1")], &[]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("sudo apt-get install postgresql"));
    assert!(refused.stdout.is_empty());
}

#[test]
fn apt_is_used_by_root_and_through_sudo() {
    let install = format!("echo \"apt-get $*\" >&2; case $1 in install) {};; esac", install_command("17"));
    let as_root = run_postgres_script(&[("id", "echo 0"), ("apt-get", &install)], &[]);
    assert_eq!(as_root.status.code(), Some(0), "{}", text(&as_root.stderr));
    assert_eq!(text(&as_root.stdout), "/usr/lib/postgresql/17/bin\n");
    assert!(text(&as_root.stderr).contains("apt-get install -y"));

    let sudo = "case $1 in -n) exit 0;; esac; echo sudo >&2; \"$@\"";
    let with_sudo = run_postgres_script(&[("id", "echo 1000"), ("apt-get", &install), ("sudo", sudo)], &[]);
    assert_eq!(with_sudo.status.code(), Some(0), "{}", text(&with_sudo.stderr));
    assert!(text(&with_sudo.stderr).contains("sudo\napt-get install"));
}

#[test]
fn npm_is_used_where_apt_is_not_there_or_fails() {
    let npm = format!("echo \"npm $*\" >&2; {}", install_command("18"));
    for others in [vec![], vec![("apt-get", "exit 100")]] {
        let mut scripts = vec![("id", "echo 0"), ("npm", npm.as_str())];
        scripts.extend(others);
        let installed = run_postgres_script(&scripts, &[]);
        assert_eq!(installed.status.code(), Some(0), "{}", text(&installed.stderr));
        assert_eq!(text(&installed.stdout), "/usr/lib/postgresql/18/bin\n");
        assert!(text(&installed.stderr).contains("@embedded-postgres/"));
    }
    let broken = run_postgres_script(&[("id", "echo 0"), ("npm", "exit 1")], &[]);
    assert_eq!(broken.status.code(), Some(1));
}

#[test]
fn the_scripts_say_what_to_do_without_rust() {
    let path = programs(&["sh", "sed", "dirname", "grep"], &[]);
    for script in ["demo", "test"] {
        let refused = Command::new(root().join(script)).env_clear().env("PATH", path.path()).output().unwrap();
        assert_eq!(refused.status.code(), Some(3), "{script}");
        assert!(text(&refused.stderr).contains("rustup"), "{script}: {}", text(&refused.stderr));
    }
}

// crontab

struct CronLine {
    times: Vec<String>,
    user: String,
    command: String,
}

/// The lines and the variables of a crontab in /etc/cron.d.
fn parse_crontab(crontab: &str) -> (Vec<CronLine>, BTreeMap<String, String>) {
    let (mut lines, mut variables) = (Vec::new(), BTreeMap::new());
    for line in crontab.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let name = line.split('=').next().unwrap();
        if line.contains('=') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            variables.insert(name.to_owned(), line[name.len() + 1..].to_owned());
            continue;
        }
        let fields: Vec<&str> = line.splitn(7, ' ').collect();
        assert_eq!(fields.len(), 7, "five times, a user and a command: {line}");
        lines.push(CronLine {
            times: fields[..5].iter().map(|&field| field.to_owned()).collect(),
            user: fields[5].to_owned(),
            command: fields[6].to_owned(),
        });
    }
    (lines, variables)
}

/// A field of a time: `*`, or numbers and ranges within its limits, separated by commas, each with a step or not.
fn is_time(field: &str, limits: (u32, u32)) -> bool {
    let number = |text: &str| text.parse().is_ok_and(|number: u32| (limits.0..=limits.1).contains(&number));
    field.split(',').all(|part| {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let ends = range.split_once('-').unwrap_or((range, range));
        step.parse().is_ok_and(|step: u32| step > 0) && (range == "*" || number(ends.0) && number(ends.1))
    })
}

#[test]
fn every_line_of_the_crontab_is_one_that_cron_takes() {
    let crontab = read("crontab");
    assert!(crontab.ends_with('\n'), "cron ignores a last line without an end");
    let (lines, variables) = parse_crontab(&crontab);
    assert!(!lines.is_empty());
    assert_eq!(variables["METRICS_DATABASE__EMBEDDED"], "never");
    let mut locks = Vec::new();
    for CronLine { times, user, command } in lines {
        for (field, limits) in times.iter().zip([(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]) {
            assert!(is_time(field, limits), "{field} in {times:?}");
        }
        // The shell has to be root's to open the container's output; a % would end the command.
        assert_eq!(user, "root");
        assert!(!command.contains('%'), "{command}");
        assert!(command.starts_with(". /run/metrics/env; exec flock -n -E 75 /run/metrics/"), "{command}");
        assert!(command.contains(" setpriv --reuid=metrics --regid=metrics --init-groups "), "{command}");
        assert!(command.ends_with(" >/proc/1/fd/1 2>/proc/1/fd/2"), "{command}");
        locks.push(command.split(' ').nth(7).unwrap().to_owned());
    }
    let lines = locks.len();
    locks.sort();
    locks.dedup();
    assert_eq!(locks.len(), lines, "each line has a lock of its own");
}

#[test]
fn the_reporter_understands_every_line_of_the_crontab() {
    let reporter = binary("reporter");
    let (lines, _) = parse_crontab(&read("crontab"));
    for CronLine { command, .. } in lines {
        let (_, rest) = command.split_once("/usr/local/bin/reporter ").expect("the reporter");
        let (arguments, _) = rest.split_once(" >").expect("a redirection");
        let parse = |more: &str| {
            // Arguments are judged one after the other, and --help ends that: nothing is run.
            let output = Command::new(&reporter).args(arguments.split(' ')).args([more, "--help"]).output().unwrap();
            (output.status.code(), text(&output.stderr))
        };
        assert_eq!(parse("--quiet"), (Some(0), String::new()), "{arguments}");
        assert_eq!(parse("--no-such-option").0, Some(2), "the check itself: a wrong argument is refused");
    }
}

// Images

#[test]
fn the_dockerfile_has_both_targets_and_neither_runs_its_work_as_root() {
    let dockerfile = read("docker/Dockerfile");
    let mut stages: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut current = "";
    let joined = dockerfile.replace("\\\n", " ");
    for line in joined.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let instruction = line.split(' ').next().unwrap();
        if instruction == "FROM" {
            let words: Vec<&str> = line.split(' ').collect();
            assert!(words.len() == 4 && words[2] == "AS", "a stage with a name: {line}");
            let known = stages.contains_key(words[1]);
            assert!(known || words[1].contains(':'), "a stage from above, or an image with its version: {line}");
            current = words[3];
            stages.insert(current, Vec::new());
        } else {
            let known = ["ARG", "COPY", "RUN", "ENV", "WORKDIR", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT"];
            assert!(known.contains(&instruction), "{line}");
            stages.get_mut(current).unwrap().push(line);
        }
    }
    assert_eq!(stages.keys().copied().collect::<Vec<_>>(), ["api", "build", "runtime", "scheduler"]);
    let has = |stage: &str, start: &str| stages[stage].iter().any(|line| line.starts_with(start));
    assert!(stages["build"].iter().any(|line| line.contains("cargo build --workspace --locked --release")));
    assert!(stages["runtime"].iter().any(|line| line.contains("METRICS_DATABASE__EMBEDDED=never")));
    for stage in ["api", "scheduler"] {
        assert!(has(stage, "HEALTHCHECK"), "{stage}");
        assert!(has(stage, "ENTRYPOINT [\"/usr/bin/tini\", \"--\","), "{stage}");
    }
    assert!(has("api", "USER metrics"));
    assert!(has("scheduler", "COPY --chmod=0644 crontab /etc/cron.d/metrics"));
    for line in joined.lines().filter(|line| line.starts_with("COPY") && !line.contains("--from=")) {
        let source = line.split(' ').find(|word| !word.starts_with("--") && *word != "COPY").unwrap();
        assert!(root().join(source).exists(), "{line}");
    }
    for word in ["PASSWORD", "SECRET", "TOKEN", "API_KEY", "postgres://"] {
        assert!(!dockerfile.contains(word), "a secret has no place in an image: {word}");
    }
}

#[test]
fn the_scheduler_hands_settings_to_cron_whatever_is_in_them() {
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("scheduler");
    let env_file = folder.path().join("run/env");
    let run = folder.path().join("run").to_string_lossy().into_owned();
    fs::write(&script, read("docker/scheduler").replace("/run/metrics", &run)).unwrap();
    // Cron gives its jobs none of its environment.
    let cron = format!("exec env -i /bin/sh -c '. \"{}\"; /usr/bin/env'", env_file.display());
    let path = programs(&["sh", "sed", "env", "mkdir"], &[("cron", &cron)]);
    let value = "it's \"$HOME\" `id` \\ % a=b";
    let output = Command::new("/bin/sh")
        .arg(&script)
        .env_clear()
        .env("PATH", path.path())
        .env("METRICS_FX__API_KEY", value)
        .env("METRICS_LOG__LEVEL", "two\nlines\n")
        .env("DATABASE_URL", "postgres://u:p@h/d")
        .env("UNRELATED", "stays outside")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let seen = text(&output.stdout);
    assert!(seen.contains(&format!("METRICS_FX__API_KEY={value}\n")), "{seen}");
    assert!(seen.contains("METRICS_LOG__LEVEL=two\nlines\n\n"), "{seen}");
    assert!(seen.contains("DATABASE_URL=postgres://u:p@h/d\n"), "{seen}");
    assert!(!seen.contains("UNRELATED"), "{seen}");
    assert_eq!(fs::metadata(&env_file).unwrap().permissions().mode() & 0o777, 0o600);
}

// Compose

/// The keys of a YAML file of nested maps, each as a path such as `services.api.image`, with their scalar values.
fn yaml_keys(yaml: &str) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    let mut path: Vec<(usize, String)> = Vec::new();
    for line in yaml.lines() {
        let content = line.trim_start();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        assert!(!line.contains('\t'), "YAML is not indented with tabs: {line}");
        let indent = line.len() - content.len();
        assert_eq!(indent % 2, 0, "{line}");
        path.retain(|(above, _)| *above < indent);
        let (key, value) = if let Some(item) = content.strip_prefix("- ") {
            (format!("[{item}]"), "")
        } else {
            let (key, value) = content.split_once(':').unwrap_or_else(|| panic!("neither key nor item: {line}"));
            (key.to_owned(), value.trim())
        };
        path.push((indent, key));
        let full = path.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>().join(".");
        assert!(keys.insert(full.clone(), value.to_owned()).is_none(), "twice: {full}");
    }
    keys
}

#[test]
fn compose_starts_each_service_after_what_it_needs_with_secrets_from_files() {
    let compose = read("deploy/compose.yaml");
    let keys = yaml_keys(&compose);
    for (service, target) in [("api", "api"), ("scheduler", "scheduler"), ("migrate", "scheduler")] {
        let of = |key: &str| keys.get(&format!("services.{service}.{key}")).map(String::as_str);
        assert_eq!(of("environment.METRICS_DATABASE__EMBEDDED"), Some("never"), "{service}");
        assert_eq!(of("environment.METRICS_DATABASE__URL_FILE"), Some("/run/secrets/metrics_database_url"));
        assert_eq!(of("build.dockerfile"), Some("docker/Dockerfile"));
        assert_eq!(of("build.target"), Some(target));
        assert!(read("docker/Dockerfile").contains(&format!(" AS {target}\n")));
    }
    assert_eq!(keys["services.migrate.depends_on.postgres.condition"], "service_healthy");
    assert!(keys.contains_key("services.postgres.healthcheck.test"));
    for service in ["api", "scheduler"] {
        let condition = &keys[&format!("services.{service}.depends_on.migrate.condition")];
        assert_eq!(condition, "service_completed_successfully");
    }
    for (key, value) in &keys {
        // Every secret that a service names is defined, and a variable holds a path, not the secret.
        if let Some((_, secret)) = key.split_once(".secrets.[") {
            assert!(keys.contains_key(&format!("secrets.{}.file", secret.trim_end_matches(']'))), "{key}");
        }
        let secret = ["PASSWORD", "URL", "KEY", "TOKEN"].iter().any(|word| key.ends_with(word));
        assert!(!secret, "{key}: {value} is not given by a file");
    }
    // Every variable that compose takes from .env is explained in the example.
    let example = read("deploy/.env.example");
    for (_, rest) in compose.match_indices("${").map(|(at, _)| compose.split_at(at + 2)) {
        let name: String = rest.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
        assert!(example.lines().any(|line| line.starts_with(&format!("{name}="))), "{name}");
    }
}
