//! `serve-schedule`: no overlap, a file that changes, `@every`, `onstart`.

use std::process::Stdio;

use serde_json::json;

use super::world::World;

#[tokio::test]
async fn jobs_run_do_not_overlap_and_change_while_the_program_runs() {
    let world = World::new("").await;
    let write = |jobs: &serde_json::Value| std::fs::write(world.path("cron.json"), jobs.to_string()).unwrap();
    // Each start of the first job leaves a line, and the job goes on for longer than the test takes, whatever it is told.
    write(&json!([
        {"schedule": "@every 1s", "command": "trap '' TERM; echo $$ > process; echo began >> long; sleep 600"},
        {"schedule": "0 0 1 1 *", "command": "echo once >> onstart", "onstart": true},
        {"schedule": "@every 1s", "command": "echo tick >> tick"},
    ]));
    let mut server = world
        .command(&["serve-schedule", "--allow-shell"])
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(world.path("log")).unwrap())
        .spawn()
        .unwrap();
    world.wait_for("onstart", "once");
    world.wait_for("tick", "tick\ntick\ntick\n");
    assert_eq!(std::fs::read_to_string(world.path("long")).unwrap(), "began\n");

    write(&json!([{"schedule": "@every 1s", "command": "echo new >> new"}]));
    world.wait_for("new", "new\n");
    std::fs::write(world.path("cron.json"), "[").unwrap();
    world.wait_for("log", "the jobs stay as they were");
    let before = std::fs::read_to_string(world.path("new")).unwrap();
    world.wait_for("new", &format!("{before}new\n"));
    assert_eq!(std::fs::read_to_string(world.path("onstart")).unwrap(), "once\n");

    // The first signal waits for the job that still runs, the second ends both.
    let process = rustix::process::Pid::from_child(&server);
    let terminate = || rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    terminate();
    world.wait_for("log", "asked to end");
    terminate();
    assert_eq!(server.wait().unwrap().code(), Some(1));
    let job = std::fs::read_to_string(world.path("process")).unwrap();
    let start = std::time::Instant::now();
    // Whoever takes over orphans here may leave a zombie.
    while std::fs::read_to_string(format!("/proc/{}/stat", job.trim())).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(start.elapsed().as_secs() < 60, "the job goes on");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn jobs_are_told_to_end() {
    let world = World::new("").await;
    let command = "trap 'echo told >> told; exit' TERM; echo began >> began; while :; do sleep 0.1; done";
    let job = json!([{"schedule": "@daily", "command": command, "onstart": true}]);
    std::fs::write(world.path("cron.json"), job.to_string()).unwrap();
    let mut server = world
        .command(&["serve-schedule", "--allow-shell"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    world.wait_for("began", "began");
    let process = rustix::process::Pid::from_child(&server);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    assert_eq!(server.wait().unwrap().code(), Some(0));
    assert_eq!(std::fs::read_to_string(world.path("told")).unwrap(), "told\n");
}

#[tokio::test]
async fn without_a_shell_only_the_reporters_commands_run() {
    let world = World::new("[[kpi]]\nname = 'orders'\nsql = 'SELECT COUNT(*) FROM shop.public.orders'\n").await;
    std::fs::write(world.path("cron.json"), json!([{"schedule": "@daily", "command": "echo x"}]).to_string()).unwrap();
    let (code, _, err) = world.run(&["serve-schedule"]);
    assert_eq!(code, 3);
    assert!(err.contains("`echo` is no command of the reporter"), "{err}");

    let job = json!([{"schedule": "@daily", "command": "reporter kpi run", "onstart": true}]);
    std::fs::write(world.path("cron.json"), job.to_string()).unwrap();
    let mut server = world.command(&["serve-schedule"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = std::time::Instant::now();
    while world.rows("SELECT trigger FROM metrics.kpi_runs WHERE status = 'ok'").await
        != [json!({"trigger": "schedule"})]
    {
        assert!(start.elapsed().as_secs() < 60, "the job did not run");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let process = rustix::process::Pid::from_child(&server);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    assert_eq!(server.wait().unwrap().code(), Some(0));
}
