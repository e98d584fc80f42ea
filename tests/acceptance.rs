//! Tests that need PostgreSQL, the binaries or the network stack. Run with `cargo test --workspace`.

mod settings;
