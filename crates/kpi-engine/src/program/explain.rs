//! `reporter kpi explain`.

use std::io::Write;

use metrics_core::exit::Exit;
use metrics_core::kpi::Failure;

use super::cli::ExplainArgs;
use super::error::ProgramError;
use super::session::{Session, named};
use crate::engine::Tier;

/// `reporter kpi explain`.
pub async fn explain(arguments: &ExplainArgs, session: &Session, out: &mut impl Write) -> Result<Exit, ProgramError> {
    let as_of = session.as_of(&arguments.file);
    let file = session.definitions(&arguments.file, as_of)?;
    let kpi = named(&file.definitions.kpis, &arguments.name)?;
    let databases = session.databases_of_sources(&file).await?;
    let engine = session.engine(&file, &[kpi], as_of, databases.as_ref()).await?;
    writeln!(out, "{} ({})", kpi.name, kpi.form.as_str())?;
    let explained = engine.explain(kpi, arguments.analyze).await;
    engine.settle().await;
    let explanation = match explained {
        Ok(explanation) => explanation,
        Err(Failure { kind, message }) => {
            writeln!(out, "{kind}: {}", file.secrets.hide(&message))?;
            return Ok(Exit::Partial);
        }
    };
    match &explanation.tier {
        Tier::Database(source) => writeln!(out, "runs in {source}, as one statement")?,
        Tier::Engine => writeln!(out, "runs here, over what its sources are asked for")?,
        Tier::Elsewhere(source) => writeln!(out, "runs in {source}, as it is written")?,
    }
    for sent in &explanation.sent {
        writeln!(out, "\nto {}:\n{}", sent.source, indented(&file.secrets.hide(&sent.text)))?;
    }
    writeln!(out, "\nplan:\n{}", indented(&file.secrets.hide(&explanation.plan)))?;
    Ok(Exit::Done)
}

fn indented(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
