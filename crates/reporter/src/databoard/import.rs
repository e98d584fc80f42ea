//! `reporter databoard import`.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use anyhow::Context as _;
use metrics_core::dashboard::{Document, SavedRecord, Schema};
use metrics_core::db::databoard::{self as store, Body, ImportedRecord, Limits, Refusal};
use metrics_core::settings::DataboardSettings;
use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use super::DataboardImport;
use crate::exit::{CommandError, Exit};
use crate::report::Environment;

/// Records that wait between who reads and who stores.
const WAITING: usize = 16;
/// Refused records that are told one by one.
const TOLD: u64 = 100;

/// Puts the dashboards of the file in.
pub(super) async fn import(
    arguments: &DataboardImport,
    environment: &Environment<'_>,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let settings = &environment.settings.databoard;
    let schema = super::schema::load(settings)?;
    let source = open(&arguments.file)?;
    let quota = settings.quota().map_err(|error| CommandError::NotUsable(error.into()))?;
    let limits = Limits { quota, is_strict: false, history_max_bytes: settings.history_max_bytes() };
    let mut connection = super::open(environment, false).await?;
    let (sender, mut records) = mpsc::channel(WAITING);
    let reading = tokio::task::spawn_blocking(move || read(source, &sender));

    let stored = store::import(&mut connection, &limits, environment.as_of, async |connection, imported| {
        let mut counts = Counts::default();
        while let Some(json) = records.recv().await {
            counts.seen += 1;
            match Checked::new(json.get(), settings, schema.as_ref(), arguments.force) {
                Ok(checked) => {
                    imported.put(connection, checked.record()).await.map_err(Stop::Store)?;
                    counts.stored += 1;
                }
                Err(reason) => {
                    counts.refused += 1;
                    if counts.refused <= TOLD {
                        tracing::warn!("record {} is refused: {reason}", counts.seen);
                    }
                }
            }
        }
        // The end of the file, or something in it that is no JSON: which of them, the reader says.
        reading.await.map_err(|error| Stop::File(error.into()))?.map_err(Stop::File)?;
        if counts.refused > 0 && !arguments.skip { Err(Stop::Refused(counts)) } else { Ok(counts) }
    });
    match stored.await {
        Ok(counts) => {
            writeln!(out, "{} dashboards were put in, {} refused", counts.stored, counts.refused)?;
            Ok(if counts.refused > 0 { Exit::Partial } else { Exit::Done })
        }
        Err(Stop::Refused(counts)) => Err(CommandError::Failed(anyhow::anyhow!(
            "nothing was put in: {} of {} records are refused; --skip leaves these out, --force puts in what only does \
             not follow the schema or is too large",
            counts.refused,
            counts.seen,
        ))),
        Err(Stop::Store(refusal)) => {
            Err(CommandError::Failed(anyhow::Error::from(refusal).context("nothing was put in")))
        }
        Err(Stop::File(error)) => {
            let told = format!("nothing was put in: {} is no array of JSON", arguments.file.display());
            Err(CommandError::Failed(error.context(told)))
        }
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    seen: u64,
    stored: u64,
    refused: u64,
}

/// Why nothing was put in.
enum Stop {
    Refused(Counts),
    Store(Refusal),
    File(anyhow::Error),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Store(refusal)
    }
}

impl From<metrics_core::db::QueryError> for Stop {
    fn from(error: metrics_core::db::QueryError) -> Self {
        Self::Store(error.into())
    }
}

/// A record that may be stored.
struct Checked<'a> {
    record: SavedRecord<'a>,
    json: String,
    size_bytes: u64,
    widgets: Option<usize>,
}

impl<'a> Checked<'a> {
    /// The error says why not, and which dashboard it is, if that much can be read.
    fn new(text: &'a str, settings: &DataboardSettings, schema: Option<&Schema>, force: bool) -> Result<Self, String> {
        let record = SavedRecord::parse(text).map_err(|error| error.to_string())?;
        let mut json = String::new();
        record.body.write(&mut json);
        let (size_bytes, widgets) = (record.body.bson_len(), record.body.widgets());
        let max = settings.max_single_bytes();
        if !force {
            let document = Document::parse(&json).map_err(|error| error.to_string())?;
            if schema.is_some_and(|schema| !schema.accepts(&document)) {
                return Err(format!("{} does not follow the schema", record.id));
            }
            if size_bytes > max {
                return Err(format!("{} has {size_bytes} bytes, which exceeds {max}", record.id));
            }
        }
        if record.stated_size_bytes.is_some_and(|stated| u64::try_from(stated) != Ok(size_bytes)) {
            tracing::info!("{} has {size_bytes} bytes, not what the file says", record.id);
        }
        Ok(Self { record, json, size_bytes, widgets })
    }

    fn record(&self) -> ImportedRecord<'_> {
        ImportedRecord {
            id: &self.record.id,
            body: Body { json: &self.json, size_bytes: self.size_bytes, widgets: self.widgets },
            last_access: self.record.last_access,
            whitelisted: self.record.whitelisted,
            protected: self.record.protected,
        }
    }
}

fn open(path: &Path) -> Result<Box<dyn Read + Send>, CommandError> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin()));
    }
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()));
    Ok(Box::new(file.map_err(CommandError::Failed)?))
}

/// Sends one record after the other, so that no more than a few are in memory.
fn read(source: Box<dyn Read + Send>, sender: &mpsc::Sender<Box<RawValue>>) -> anyhow::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_reader(BufReader::new(source));
    Records(sender).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(())
}

struct Records<'a>(&'a mpsc::Sender<Box<RawValue>>);

impl<'de> DeserializeSeed<'de> for Records<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Records<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        while let Some(record) = records.next_element()? {
            // Nobody stores any more: the error is told there.
            if self.0.blocking_send(record).is_err() {
                break;
            }
        }
        Ok(())
    }
}
