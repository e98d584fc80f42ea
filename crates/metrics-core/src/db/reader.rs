//! What the API reads: the tables of metrics, never written here.
//!
//! A response is read from one [`Snapshot`], so its parts belong together and to the data version that its entity
//! tag names, whatever a run of the reporter stores meanwhile.

mod company;
mod cooling_unit;
mod fleet;
mod impact;
mod pages;
mod series;
mod status;
mod store;
mod stored;
mod version;

use std::ops::{Deref, DerefMut};

use diesel_async::{AnsiTransactionManager, TransactionManager};

use super::connect::{self, Connection, Pool, PooledConnection};
use super::error::DbError;

pub use company::{Company, CompanyPage, ListedCompany, companies, company, listed_company};
pub use cooling_unit::{CoolingUnitPage, ListedCoolingUnit, Slice, cooling_unit, cooling_units, slice};
pub use fleet::{Fleet, FleetWindow, LowStore, Step, StoredPolicy, fleet, fleet_steps, lowest_stores, stored_policies};
pub use impact::{KnownUnit, Subject, emission_days, impact_rows, known_units};
pub use pages::{
    ChartDay, CompanyRows, CompanyUnit, chart_days, company_rows, company_units, last_date, unit_company, units_in_use,
};
pub use series::{Series, SeriesSubject, extent, series};
pub use status::{
    FlagCount, MissingRates, Reject, RunDetail, flag_counts, missing_rates, newest_run_of_each_view, newest_runs,
    rejects,
};
pub use store::{ListedStore, StorePage, StoredUptime, store_uptime, stores};
pub use version::{DataVersion, LastRun, RunSummary, data_version, last_runs};

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Rows at most.
    pub limit: u32,
    /// Rows to skip.
    pub offset: i64,
}

/// A read-only view of the database as it was at one instant.
///
/// Dropped without [`Snapshot::close`], the transaction ends with its connection, which the pool replaces when it next comes
/// to it.
pub struct Snapshot(PooledConnection);

impl Snapshot {
    /// Takes a connection of the pool and begins. The instant is that of the first read.
    pub async fn open(pool: &Pool) -> Result<Self, DbError> {
        let mut connection = connect::get(pool).await?;
        let begin = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
        AnsiTransactionManager::begin_transaction_sql(&mut *connection, begin).await?;
        Ok(Self(connection))
    }

    /// Ends and gives the connection back.
    pub async fn close(mut self) -> Result<(), DbError> {
        AnsiTransactionManager::commit_transaction(&mut *self.0).await?;
        Ok(())
    }
}

impl Deref for Snapshot {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Snapshot {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

/// True when the same request may succeed later: the database was not reached, or refused a statement.
///
/// The statements are fixed and their values checked, so a refusal speaks of the server (a time limit, a restart,
/// tables not migrated yet) and not of the request.
pub fn is_transient(error: &DbError) -> bool {
    use diesel::result::Error;

    let refused = matches!(
        error,
        DbError::Query(
            Error::DatabaseError(..) | Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. }
        )
    );
    refused || matches!(error, DbError::Statement(_)) || error.is_unusable()
}
