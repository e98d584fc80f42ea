//! Whole reports: worked examples, properties over random worlds, and a slow implementation to compare with.

mod examples;
mod properties;
mod simulation;
mod timelines;
mod world;
