//! The API against its own description, by generated requests.

use std::process::Command;

use crate::api::Api;
use crate::coldroom::{SMALL_AS_OF, small};
use crate::stores::{ingested, view};
use crate::support::absent::passes_over;
use crate::support::{binary, reporter, run};
use crate::uptime::Folder;

/// What schemathesis looks for. Not that every request that fits the schema is taken: rules between two parameters
/// (the end is not before the start, the company is needed in its mode) have no place in a schema.
const EXCLUDED: &str = "positive_data_acceptance";

/// No answer is a defect of the server (5xx), and none is other than described: status, media type, headers, body.
#[test]
fn every_answer_is_as_described() {
    let program = binary("api").with_file_name("../schemathesis/bin/schemathesis");
    if !program.exists() {
        return passes_over("schemathesis is not there; scripts/schemathesis installs it");
    }
    let db = small();
    let output = reporter(&db, &["--view", "all", "--rebuild", "--as-of", SMALL_AS_OF, "--quiet"]);
    assert_eq!(output.status, 4, "{}", output.stderr);
    // The store that the examples of the description name.
    let polls = "store_id,status,timestamp_utc\n8419537941919820732,active,2023-01-25 17:00:00 UTC\n";
    let hours = "store_id,day,start_time_local,end_time_local\n8419537941919820732,2,09:00,17:00\n";
    ingested(&db, &Folder::of(polls, hours, "store_id,timezone_str\n8419537941919820732,America/Denver\n"));
    view(&db, &[]);
    let api = Api::start(&db);
    let url = api.url();
    let folder = tempfile::tempdir().unwrap();
    let output = run(Command::new(program)
        .current_dir(folder.path())
        .args(["run", &format!("{url}/api/openapi.json"), "--url", &url, "--no-color"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "15", "--workers", "1"])
        .args(["--exclude-checks", EXCLUDED, "--generation-deterministic"]));
    assert_eq!(output.status, 0, "{}\n{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("Tested: "), "{}", output.stdout);
}
