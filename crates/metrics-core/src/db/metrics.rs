//! The tables that are ours, one file each.

use tokio_postgres::{Client, Transaction};

use super::DbError;
use super::copy::CopyText;

pub mod company_metrics;
pub mod cooling_unit_metrics;
pub mod exchange_rate;
pub mod impact_metrics;
pub mod kpi;
pub mod report_run;
pub mod store_uptime;

/// Bytes given to the database client at a time.
pub(super) const COPY_PART_BYTES: usize = 64 * 1024;

/// What a batch did to a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Rows added or changed.
    pub written: u64,
    /// Rows deleted.
    pub deleted: u64,
}

impl Changes {
    /// Whether any row is not as it was before.
    pub fn any(self) -> bool {
        self.written + self.deleted > 0
    }
}

impl std::ops::AddAssign for Changes {
    fn add_assign(&mut self, other: Self) {
        self.written += other.written;
        self.deleted += other.deleted;
    }
}

/// Makes an empty temporary table of the session for the rows of `table`; it is emptied at each commit.
async fn create_stage(client: &Client, create: &str) -> Result<(), DbError> {
    client.batch_execute(create).await?;
    Ok(())
}

/// Brings `rows` in by `copy`, a COPY statement.
pub(super) async fn copy_in(transaction: &Transaction<'_>, copy: &str, rows: &mut CopyText) -> Result<(), DbError> {
    use futures_util::SinkExt;

    let sink = transaction.copy_in(copy).await?;
    futures_util::pin_mut!(sink);
    // The client copies what it is given, twice: so it gets little at a time.
    for part in rows.take().chunks(COPY_PART_BYTES) {
        sink.send(std::io::Cursor::new(part.to_vec())).await?;
    }
    sink.finish().await?;
    Ok(())
}
