//! The operational database: read only, and not ours.
//!
//! A run reads everything from one [`Snapshot`], so that its figures speak of one state of the source. Loaders mirror
//! the source's names and nulls and hand out the typed inputs of the pure modules; what they cannot turn into an
//! input they reject by name.

use tokio_postgres::{Client, IsolationLevel, Transaction};

use super::DbError;

pub mod baselines;
pub mod companies;
pub mod crates;
pub mod currencies;
pub mod fees;
pub mod impact_counts;
pub mod instant;
mod interner;
pub mod preflight;
pub mod rejects;
pub mod reports;
pub mod surveys;
pub mod units;

/// Read-only repeatable-read transaction on the operational database.
pub struct Snapshot<'a> {
    transaction: Transaction<'a>,
}

impl<'a> Snapshot<'a> {
    /// Opens the snapshot after checking that every table and column that a run reads is there.
    pub async fn open(client: &'a mut Client) -> Result<Self, DbError> {
        let transaction =
            client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
        // The few large sorts of a run should stay in memory; compiling its queries costs more than it gives.
        transaction.batch_execute("SET LOCAL work_mem = '96MB'; SET LOCAL jit = off").await?;
        preflight::check(&transaction).await?;
        Ok(Self { transaction })
    }

    fn transaction(&self) -> &Transaction<'a> {
        &self.transaction
    }
}

/// The companies and cooling units that a run speaks of; absent means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// `--company`.
    pub companies: Option<Vec<i64>>,
    /// `--cooling-unit`.
    pub cooling_units: Option<Vec<i64>>,
}

impl Filter {
    /// Whether nothing is left out.
    pub fn is_everything(&self) -> bool {
        self.companies.is_none() && self.cooling_units.is_none()
    }
}
