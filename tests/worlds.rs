//! Worlds of many kinds, and whether every figure of every day follows its definition in each of them.
//!
//! [`slow`] computes the figures from the raw rows as the definitions say, without any of the program's short cuts;
//! [`pure`] compares the pure functions with it, [`database`] the program with its loaders and tables.

mod compare;
mod database;
mod generator;
mod pure;
mod slow;
mod world;
