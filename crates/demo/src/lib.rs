//! A sample of a cold-room operator's database, and the command that shows the reports and the API working on it.
//!
//! [`sample`] makes rows and exchange rates, the same ones for the same end. [`database`] puts them into a database
//! of their own, [`stores`] makes files of polled stores, [`kpis`] a history of KPIs, [`dashboards`] a saved
//! dashboard. [`show`] starts the server, runs the reports and keeps the API up.

pub mod child;
pub mod dashboards;
pub mod database;
pub mod kpis;
pub mod random;
pub mod requests;
pub mod sample;
pub mod show;
pub mod stores;
