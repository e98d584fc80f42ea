//! `reporter kpi check`.

use std::io::Write;

use metrics_core::exit::Exit;
use metrics_core::kpi::{Failure, Kpi};

use super::cli::CheckArgs;
use super::error::ProgramError;
use super::session::{Session, chosen};
use crate::dialect::check_offline;

/// `reporter kpi check`.
pub async fn check(arguments: &CheckArgs, session: &Session, out: &mut impl Write) -> Result<Exit, ProgramError> {
    let as_of = session.as_of(&arguments.file);
    let file = session.definitions(&arguments.file, as_of)?;
    let kpis = chosen(&file.definitions.kpis, &arguments.only)?;
    let kpis: Vec<&Kpi> = kpis.into_iter().map(|(_, kpi)| kpi).collect();
    let mut found = Vec::new();
    if arguments.offline {
        for kpi in &kpis {
            found.push((*kpi, check_offline(&file.definitions, kpi).map(|checked| checked.warnings)));
        }
    } else {
        let databases = session.databases_of_sources(&file).await?;
        let engine = session.engine(&file, &kpis, as_of, databases.as_ref()).await?;
        for kpi in &kpis {
            found.push((*kpi, engine.check(kpi).await.map(|plan| plan.warnings)));
        }
    }
    let (mut wrong, mut doubtful) = (0, 0);
    for (kpi, result) in found {
        match result {
            Ok(warnings) => {
                doubtful += usize::from(!warnings.is_empty());
                for warning in warnings {
                    writeln!(out, "{}: warning: {}", kpi.name, file.secrets.hide(&warning))?;
                }
            }
            Err(Failure { kind, message }) => {
                wrong += 1;
                writeln!(out, "{}: {kind}: {}", kpi.name, file.secrets.hide(&message))?;
            }
        }
    }
    let sinks = file.sinks.len();
    writeln!(out, "{} KPIs: {wrong} cannot run, {doubtful} with warnings; {sinks} sinks", kpis.len())?;
    Ok(if wrong == 0 { Exit::Done } else { Exit::Partial })
}
