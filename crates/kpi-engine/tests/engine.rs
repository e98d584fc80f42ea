//! The engine over PostgreSQL, search servers, files and other engines.

mod engine {
    mod cases;
    pub mod conformance;
    pub mod support;
}
mod external;
mod search;
mod stub;
