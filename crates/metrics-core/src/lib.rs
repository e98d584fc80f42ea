//! Indicators of cold rooms and uptime of stores: the algorithms, and the database layer around them.
//!
//! The modules without a feature are pure: they use the standard library, dates, decimals and the parameter
//! files, and nothing that reads a clock, a file, the environment or a database. The feature `runtime`
//! (on by default) adds settings, logging and `db`.

pub mod channel;
pub mod coldroom;
pub mod dashboard;
pub mod exit;
pub mod ids;
pub mod instant;
pub mod kpi;
pub mod lca;
pub mod money;
pub mod parameters;
pub mod quality;
pub mod secret;
pub mod units;
pub mod uptime;
pub mod view;
pub mod window;

#[cfg(feature = "runtime")]
pub mod db;
#[cfg(feature = "runtime")]
pub mod export;
#[cfg(feature = "runtime")]
pub mod google;
#[cfg(feature = "runtime")]
pub mod settings;
#[cfg(feature = "runtime")]
pub mod telemetry;
#[cfg(feature = "runtime")]
pub mod tls;
