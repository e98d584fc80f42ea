//! Rebuilds the package when a migration is added: `embed_migrations!` reads the folder but does not watch it.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
