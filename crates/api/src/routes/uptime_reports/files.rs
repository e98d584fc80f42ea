//! Reports as files, row by row from the database.

use std::pin::pin;

use actix_web::body::BoxBody;
use actix_web::http::header::{ContentDisposition, DispositionParam, DispositionType};
use actix_web::web;
use futures_util::TryStreamExt as _;
use metrics_core::db::reader::Snapshot;
use metrics_core::db::uptime_reports::{self, Asked, ReportRow, ReportState};
use metrics_core::export::{About, Column, Form, Kind, Style, Value};
use metrics_core::instant::{self, HOUR_US, MINUTE_US};
use metrics_core::uptime::{
    CLASSIC_HEADER, Figures, RowObject, StoreFigures, Window, column_names, columns, coverage, full_header, hundredths,
    push_classic, push_full,
};
use report_pdf::UptimePdf;
use rust_decimal::Decimal;
use serde_json::json;
use tokio::sync::mpsc;

use super::FileForm;
use crate::error::ApiError;
use crate::export::Wanted;
use crate::spool::{self, TextFile};

/// Rows handed to the writer of a PDF at once, and how many such batches may wait.
const BATCH_ROWS: usize = 500;
const BATCHES: usize = 4;

/// A file for a client.
pub struct File {
    /// Media type.
    pub content_type: &'static str,
    /// Its name.
    pub disposition: ContentDisposition,
    /// Its bytes.
    pub body: BoxBody,
}

/// The report as a file.
pub async fn file(snapshot: &mut Snapshot, state: &ReportState, form: FileForm) -> Result<File, ApiError> {
    let (content_type, extension) = match form {
        FileForm::Classic | FileForm::Full => ("text/csv; charset=utf-8", "csv"),
        FileForm::Json => ("application/json", "json"),
        FileForm::Xlsx => (Form::Xlsx.media_type(), "xlsx"),
        FileForm::Pdf => ("application/pdf", "pdf"),
    };
    let as_of = state.as_of.map_or_else(|| "no-polls".to_owned(), |as_of| as_of.format("%Y%m%dT%H%M%SZ").to_string());
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(format!("uptime-{as_of}.{extension}"))],
    };
    let body = match form {
        FileForm::Classic => text(snapshot, state, CLASSIC_HEADER, "", push_classic).await?,
        FileForm::Full => text(snapshot, state, &full_header(), "", push_full).await?,
        FileForm::Json => json_object(snapshot, state).await?,
        FileForm::Xlsx => workbook(snapshot, state).await?,
        FileForm::Pdf => pdf(snapshot, state).await?,
    };
    Ok(File { content_type, disposition, body })
}

/// A text with a line, or another piece, for each row.
async fn text(
    snapshot: &mut Snapshot,
    state: &ReportState,
    head: &str,
    tail: &str,
    mut push: impl FnMut(&mut Vec<u8>, &str, &StoreFigures),
) -> Result<BoxBody, ApiError> {
    let mut file = TextFile::default();
    file.bytes().extend_from_slice(head.as_bytes());
    let mut rows = pin!(uptime_reports::rows(snapshot, state.number).await?);
    while let Some(row) = rows.try_next().await? {
        push(file.bytes(), &row.store_id, &row.figures()?);
        file.spill()?;
    }
    file.bytes().extend_from_slice(tail.as_bytes());
    file.finish()
}

/// The object that `reporter uptime --format json` prints.
async fn json_object(snapshot: &mut Snapshot, state: &ReportState) -> Result<BoxBody, ApiError> {
    let head = json!({
        "as_of": state.as_of.map(|as_of| instant::format_us(as_of.timestamp_micros())),
        "policy": state.policy,
        "options": state.options,
        "tzdata": state.tzdata,
        "diagnostics": state.diagnostics,
    });
    let mut head = head.to_string();
    // The rows go in before the last brace.
    head.pop();
    head.push_str(",\"stores\":[");
    let names = column_names();
    let mut is_first = true;
    let push = |bytes: &mut Vec<u8>, id: &str, figures: &StoreFigures| {
        if !is_first {
            bytes.push(b',');
        }
        is_first = false;
        // Writing an object of numbers and a text into memory cannot fail.
        let _ = serde_json::to_writer(bytes, &RowObject { id, figures, names: &names });
    };
    text(snapshot, state, &head, "]}\n", push).await
}

/// A workbook: times in minutes and hours for people, then every figure.
async fn workbook(snapshot: &mut Snapshot, state: &ReportState) -> Result<BoxBody, ApiError> {
    let mut list = vec![Column::new("store_id", Kind::Text, "Id of the store.")];
    for (name, what) in [("uptime", "Time up by the policy"), ("downtime", "Time down by the policy")] {
        for window in Window::ALL {
            let unit = if window == Window::Hour { "min" } else { "h" };
            let (column, window) = (format!("{name}_last_{}", window.as_str()), window.as_str());
            list.push(Column::new(column, Kind::Number, format!("{what}, of the last {window}.")).in_unit(unit));
        }
    }
    for window in Window::ALL {
        let description =
            format!("Share of the business time of the last {} that is within an hour of a poll.", window.as_str());
        list.push(Column::new(format!("coverage_last_{}", window.as_str()), Kind::Number, description));
    }
    for name in column_names() {
        let is_time = name.ends_with("_us");
        let column = Column::new(name, Kind::Integer, "As in the full form; docs/uptime.md has the definitions.");
        list.push(if is_time { column.in_unit("µs") } else { column });
    }
    let as_of = state.as_of.map_or_else(|| "no poll".to_owned(), |as_of| instant::format_us(as_of.timestamp_micros()));
    let about = About::default()
        .with("as_of", as_of)
        .with("policy", &state.policy)
        .with("options", state.options.to_string())
        .with("tzdata", state.tzdata.clone().unwrap_or_default())
        .with("diagnostics", state.diagnostics.clone().unwrap_or_default().to_string())
        .with("program", env!("CARGO_PKG_VERSION"));
    let wanted = Wanted { form: Form::Xlsx, units_in_header: false };
    let number = state.number;
    spool::file(wanted, list, about, Style::default(), async |sink| {
        let mut rows = pin!(uptime_reports::rows(snapshot, number).await?);
        while let Some(row) = rows.try_next().await? {
            sink.push(cells(&row)?).await;
        }
        Ok(())
    })
    .await
}

/// For people: what the report says, and every store.
async fn pdf(snapshot: &mut Snapshot, state: &ReportState) -> Result<BoxBody, ApiError> {
    let policy = state.policy.parse().map_err(|error| ApiError::Internal(anyhow::Error::new(error)))?;
    let asked: Asked = serde_json::from_value(state.options.clone())?;
    let about = report_pdf::About {
        as_of_us: state.as_of.map(|as_of| as_of.timestamp_micros()),
        policy,
        stores: asked.stores,
        store_id: asked.store_id,
    };
    let (sender, mut receiver) = mpsc::channel::<Vec<(String, StoreFigures)>>(BATCHES);
    // On a thread of its own: a fleet takes half a second.
    let writing = web::block(move || {
        let mut pdf = UptimePdf::new(about, TextFile::default())?;
        while let Some(batch) = receiver.blocking_recv() {
            for (id, figures) in &batch {
                pdf.add(id, figures)?;
            }
        }
        pdf.finish()
    });
    let sending = async move {
        let mut rows = pin!(uptime_reports::rows(snapshot, state.number).await?.try_chunks(BATCH_ROWS));
        while let Some(rows) = rows.try_next().await.map_err(|error| error.1)? {
            let batch = rows.into_iter().map(|row| row.figures().map(|figures| (row.store_id, figures)));
            // What cannot be sent has nobody to write it: its error is that of the writer.
            let _ = sender.send(batch.collect::<Result<_, _>>()?).await;
        }
        Ok::<_, ApiError>(())
    };
    let (sent, written) = tokio::join!(sending, writing);
    sent?;
    let file = written.map_err(|error| ApiError::Internal(error.into()))?;
    file.map_err(|error| ApiError::Internal(error.into()))?.finish()
}

fn cells(row: &ReportRow) -> Result<Vec<Value>, ApiError> {
    let figures = row.figures()?;
    let mut cells = vec![Value::Text(row.store_id.clone())];
    for amount in [|figures: &Figures| figures.up_us, |figures: &Figures| figures.down_us] {
        for (window, figures) in Window::ALL.into_iter().zip(&figures) {
            let unit_us = if window == Window::Hour { MINUTE_US } else { HOUR_US };
            cells.push(Value::Number(Decimal::new(hundredths(amount(figures), unit_us), 2)));
        }
    }
    for figures in &figures {
        cells.push(coverage(figures).parse().map_or(Value::Null, Value::Number));
    }
    cells.extend(figures.iter().flat_map(columns).map(|(_, number)| Value::Integer(number)));
    Ok(cells)
}
