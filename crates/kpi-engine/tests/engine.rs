//! The engine over PostgreSQL and files.

mod engine {
    mod cases;
    mod conformance;
    mod support;
}
