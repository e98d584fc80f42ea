//! `reporter databoard export`.

use std::io::{self, BufWriter, Write};
use std::pin::pin;

use anyhow::Context as _;
use futures_util::TryStreamExt as _;
use metrics_core::dashboard::record_line;
use metrics_core::db::Connection;
use metrics_core::db::databoard as store;

use super::DataboardExport;
use crate::exit::{CommandError, Exit};
use crate::output::temporary_beside;
use crate::report::Environment;

/// Writes dashboards to their file, or to standard output.
pub(super) async fn export(arguments: &DataboardExport, environment: &Environment<'_>) -> Result<Exit, CommandError> {
    if arguments.file.as_os_str() == "-" {
        let mut connection = super::open(environment, true).await?;
        write(&mut connection, arguments.all, io::stdout()).await?;
        return Ok(Exit::Done);
    }
    let file = temporary_beside(&arguments.file, ".dashboards-")?;
    let mut connection = super::open(environment, true).await?;
    let file = write(&mut connection, arguments.all, file).await?;
    let told = || format!("cannot write {}", arguments.file.display());
    file.as_file().sync_all().with_context(told).map_err(CommandError::Failed)?;
    file.persist(&arguments.file).with_context(told).map_err(CommandError::Failed)?;
    Ok(Exit::Done)
}

async fn write<W: Write>(connection: &mut Connection, all: bool, sink: W) -> Result<W, CommandError> {
    let mut sink = BufWriter::new(sink);
    sink.write_all(b"[")?;
    let mut records = pin!(store::export(connection, all).await?);
    let mut separator = "";
    while let Some(record) = records.try_next().await.map_err(|error| CommandError::Failed(error.into()))? {
        let flags = (record.whitelisted(), record.protected());
        let line = record_line(&record.id, &record.body, record.size_bytes, record.last_access, flags.0, flags.1);
        write!(sink, "{separator}\n{line}")?;
        separator = ",";
    }
    sink.write_all(b"\n]\n")?;
    sink.into_inner().map_err(|error| error.into_error().into())
}
