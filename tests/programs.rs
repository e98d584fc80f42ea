//! The programs as they are built.

use std::process::Command;

use crate::support::{TestDb, binary, reporter, run};

#[test]
fn the_programs_start() {
    assert_eq!(reporter(&TestDb::new(), &["--version"]).status, 0);
    assert_eq!(run(Command::new(binary("api")).arg("--version")).status, 0);
}
