//! `reporter kpi prune`.

use std::io::Write;

use metrics_core::db::metrics::kpi;
use metrics_core::exit::Exit;

use super::cli::PruneArgs;
use super::error::ProgramError;
use super::session::Session;

/// `reporter kpi prune`.
pub async fn prune(arguments: &PruneArgs, session: &Session, out: &mut impl Write) -> Result<Exit, ProgramError> {
    let now = session.clock.now();
    let before = chrono::Duration::from_std(arguments.keep).ok().and_then(|keep| now.checked_sub_signed(keep));
    let before = before.ok_or_else(|| ProgramError::Usage("--keep reaches beyond the calendar".to_owned()))?;
    let databases = session.databases().await?;
    let mut connection = session.connection(&databases, "prune").await?;
    let pruned =
        kpi::prune(&mut connection, arguments.env.as_deref(), before, now).await.map_err(ProgramError::failed)?;
    writeln!(out, "deleted {} runs, and {} KPIs without any result left", pruned.runs, pruned.kpis)?;
    Ok(Exit::Done)
}
