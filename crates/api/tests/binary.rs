//! Makes `cargo test --workspace` build the program, which the acceptance tests run: cargo builds a package's
//! programs for the integration tests of that package only.

#[test]
fn the_program_is_built() {
    assert!(std::path::Path::new(env!("CARGO_BIN_EXE_api")).is_file());
}
