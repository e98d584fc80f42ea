//! The engine over PostgreSQL and files.

mod engine {
    mod cases;
    mod conformance;
    mod faults;
    mod files;
    mod guards;
    mod pushdown;
    mod support;
    mod values;
}
