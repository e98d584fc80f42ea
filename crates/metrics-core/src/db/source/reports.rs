//! Reports for operators, straight from the operational database: cooling users, usage, revenue.
//!
//! The rules are those of the daily figures: weights are those at check-in; a release brings in its net fee; a
//! marketplace order brings in fees, but nothing comes in or leaves with it. So the crates of the usage report are
//! those of `room_crates_in`, and the prices of the revenue report add up to the revenue of the same days.

use std::pin::Pin;

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;
use futures_util::TryStreamExt as _;
use rust_decimal::Decimal;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, IsolationLevel, Row, RowStream};

use super::crates::UNKNOWN_CROP;
use super::instant::Instant;
use super::{Snapshot, preflight, rejects};
use crate::db::DbError;
use crate::export::{Column, Kind, Value};
use crate::ids::{CompanyId, CoolingUnitId};
use crate::money::{decimal, net_fee};
use crate::window::local_date;

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// Farmers and traders of the company.
    CoolingUsers {
        /// Without users that are not active.
        only_active: bool,
    },
    /// Crates that came in.
    Usage(Scope),
    /// Releases and what they brought in.
    Revenue(Scope),
}

/// Which movements a report covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Cooling units of the company; absent: all.
    pub cooling_units: Option<Vec<CoolingUnitId>>,
    /// First instant.
    pub start: DateTime<Utc>,
    /// First instant after.
    pub end: DateTime<Utc>,
}

/// The company of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportCompany {
    /// Its id.
    pub id: CompanyId,
    /// Its name.
    pub name: Option<String>,
    /// Its country, ISO 3166 alpha-2.
    pub country: Option<String>,
    /// Its currency, ISO 4217.
    pub currency: Option<String>,
}

impl<'a> Snapshot<'a> {
    /// Opens a snapshot after checking that every table and column that a report reads is there.
    pub async fn open_for_reports(client: &'a mut Client) -> Result<Self, DbError> {
        let transaction =
            client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
        preflight::check_for_reports(&transaction).await?;
        Ok(Self { transaction })
    }

    /// When the snapshot was opened, by the clock of the database.
    pub async fn instant(&self) -> Result<DateTime<Utc>, DbError> {
        Ok(self.transaction().query_one("SELECT transaction_timestamp()", &[]).await?.try_get(0)?)
    }
}

/// A company, if the source has it.
pub async fn company(snapshot: &Snapshot<'_>, id: CompanyId) -> Result<Option<ReportCompany>, DbError> {
    let sql = "SELECT NULLIF(name, ''), NULLIF(country, ''), NULLIF(currency, '') FROM user_company WHERE id = $1";
    let Some(row) = snapshot.transaction().query_opt(sql, &[&id.0]).await? else { return Ok(None) };
    Ok(Some(ReportCompany { id, name: row.try_get(0)?, country: row.try_get(1)?, currency: row.try_get(2)? }))
}

/// What all rows of a report have in common.
#[derive(Debug, Clone)]
pub struct ReportContext {
    /// The company.
    pub company: ReportCompany,
    /// Zone of its days.
    pub zone: Tz,
    /// Instant of which the report speaks.
    pub as_of: DateTime<Utc>,
    /// Movements before it are unusable.
    pub earliest: DateTime<Utc>,
}

/// Rows of a report on their way out.
pub struct ReportRows {
    report: Report,
    context: ReportContext,
    columns: Vec<Column>,
    rows: Pin<Box<RowStream>>,
    pending: Option<Row>,
}

impl ReportRows {
    /// Starts reading.
    pub async fn open(snapshot: &Snapshot<'_>, report: Report, context: ReportContext) -> Result<Self, DbError> {
        let transaction = snapshot.transaction();
        let unusable = rejects::load(snapshot, None, context.earliest).await?.crates;
        let company = context.company.id.0;
        let (as_of, earliest) = (context.as_of, context.earliest);
        let rows = match &report {
            Report::CoolingUsers { only_active } => {
                let binds: [&(dyn ToSql + Sync); 5] = [&company, &earliest, &as_of, &unusable, only_active];
                transaction.query_raw(include_str!("reports/cooling_users.sql"), binds).await?
            }
            Report::Usage(scope) => {
                let (units, start, end) = scope.binds(&context);
                let binds: [&(dyn ToSql + Sync); 6] = [&company, &units, &start, &end, &unusable, &as_of];
                transaction.query_raw(include_str!("reports/usage.sql"), binds).await?
            }
            Report::Revenue(scope) => {
                let (units, start, end) = scope.binds(&context);
                let binds: [&(dyn ToSql + Sync); 5] = [&company, &units, &start, &end, &unusable];
                transaction.query_raw(include_str!("reports/revenue.sql"), binds).await?
            }
        };
        let mut rows = Box::pin(rows);
        let pending = rows.try_next().await?;
        let columns = columns(&report, context.zone);
        Ok(Self { report, context, columns, rows, pending })
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The next row, if there is one.
    pub async fn next(&mut self) -> Result<Option<Vec<Value>>, DbError> {
        let Some(row) = self.pending.take() else { return Ok(None) };
        self.pending = self.rows.try_next().await?;
        match self.report {
            Report::CoolingUsers { .. } => Ok(Some(self.cooling_user(&row)?)),
            Report::Revenue(_) => Ok(Some(self.release(&row)?)),
            Report::Usage(_) => {
                let crate_id: i64 = row.try_get("crate_id")?;
                let mut price = Price::default();
                price.add(&row, &self.context)?;
                while let Some(next) = self.pending.take() {
                    if next.try_get::<_, i64>("crate_id")? != crate_id {
                        self.pending = Some(next);
                        break;
                    }
                    price.add(&next, &self.context)?;
                    self.pending = self.rows.try_next().await?;
                }
                Ok(Some(self.check_in(&row, &price)?))
            }
        }
    }

    /// Local time of an instant that a calendar knows.
    fn local(&self, at: Option<Instant>) -> Value {
        let local = at.and_then(Instant::finite).map(|at| at.with_timezone(&self.context.zone).naive_local());
        Value::of(local, |local: NaiveDateTime| Value::LocalTime(local))
    }

    fn cooling_user(&self, row: &Row) -> Result<Vec<Value>, DbError> {
        Ok(vec![
            text(row, "first_name")?,
            text(row, "last_name")?,
            text(row, "phone")?,
            text(row, "gender")?,
            text(row, "parent_name")?,
            self.local(row.try_get("date_joined")?),
            Value::Integer(row.try_get("crates")?),
            self.local(row.try_get("latest")?),
        ])
    }

    fn check_in(&self, row: &Row, price: &Price) -> Result<Vec<Value>, DbError> {
        let (net, currency) = price.finish();
        // The currency is known before the first fee is.
        let currency = match currency {
            None if net.is_none() && !price.is_mixed => fee_currency(row, &self.context)?,
            currency => currency,
        };
        Ok(vec![
            Value::Integer(row.try_get("crate_id")?),
            text(row, "code")?,
            self.local(row.try_get("date")?),
            crop(row)?,
            Value::Float(row.try_get("initial_weight")?),
            Value::of(net, Value::Number),
            Value::of(currency, Value::Text),
            text(row, "first_name")?,
            text(row, "last_name")?,
            text(row, "phone")?,
            text(row, "gender")?,
            text(row, "unit")?,
            text(row, "location")?,
        ])
    }

    fn release(&self, row: &Row) -> Result<Vec<Value>, DbError> {
        let Fees { gross, net } = fees(row)?.unwrap_or_default();
        let discount = gross.zip(net).and_then(|(gross, net)| gross.checked_sub(net));
        let day = |at: Option<Instant>| at.and_then(Instant::finite).map(|at| local_date(at, self.context.zone));
        let released: Option<Instant> = row.try_get("date")?;
        let stored = day(row.try_get("checked_in_at")?).zip(day(released));
        Ok(vec![
            Value::Integer(row.try_get("crate_id")?),
            text(row, "code")?,
            self.local(released),
            crop(row)?,
            Value::Float(row.try_get("initial_weight")?),
            Value::of(net, Value::Number),
            Value::of(fee_currency(row, &self.context)?, Value::Text),
            Value::of(gross, Value::Number),
            Value::of(discount, Value::Number),
            Value::of(stored, |(from, to)| Value::Integer((to - from).num_days())),
            text(row, "payment_method")?,
            text(row, "first_name")?,
            text(row, "last_name")?,
            text(row, "phone")?,
            text(row, "gender")?,
            text(row, "unit")?,
            text(row, "location")?,
        ])
    }
}

impl Scope {
    fn binds(&self, context: &ReportContext) -> (Option<Vec<i64>>, DateTime<Utc>, DateTime<Utc>) {
        let units = self.cooling_units.as_ref().map(|units| units.iter().map(|unit| unit.0).collect());
        (units, self.start.max(context.earliest), self.end.min(context.as_of))
    }
}

/// What the releases of a crate brought in together.
#[derive(Debug, Default, Clone)]
struct Price {
    net: Option<Decimal>,
    currency: Option<String>,
    /// Fees in several currencies are not added up.
    is_mixed: bool,
}

impl Price {
    fn add(&mut self, row: &Row, context: &ReportContext) -> Result<(), DbError> {
        let Some(Fees { net, .. }) = fees(row)? else { return Ok(()) };
        let currency = fee_currency(row, context)?;
        self.is_mixed |= self.net.is_some() && self.currency != currency;
        self.net = net.and_then(|net| self.net.unwrap_or_default().checked_add(net));
        self.currency = currency;
        Ok(())
    }

    fn finish(&self) -> (Option<Decimal>, Option<String>) {
        if self.is_mixed { (None, None) } else { (self.net, self.currency.clone()) }
    }
}

/// What a release costs; absent where no decimal holds it.
#[derive(Debug, Default, Clone, Copy)]
struct Fees {
    gross: Option<Decimal>,
    net: Option<Decimal>,
}

/// Fees of a row's release, when it has one.
fn fees(row: &Row) -> Result<Option<Fees>, DbError> {
    let Some(gross) = row.try_get::<_, Option<f64>>("cooling_fees")? else { return Ok(None) };
    let net = match row.try_get::<_, Option<f64>>("gross")? {
        Some(checkout_gross) => net_fee(gross, checkout_gross, row.try_get("discount_amount")?),
        None => net_fee(gross, gross, None),
    };
    Ok(Some(Fees { gross: decimal(gross), net: decimal(net) }))
}

/// The crate's currency, else the check-out's, else the company's.
fn fee_currency(row: &Row, context: &ReportContext) -> Result<Option<String>, DbError> {
    let own: Option<String> = row.try_get("crate_currency")?;
    let of_checkout: Option<String> = row.try_get("checkout_currency")?;
    Ok(own.or(of_checkout).or_else(|| context.company.currency.clone()))
}

fn text(row: &Row, name: &str) -> Result<Value, tokio_postgres::Error> {
    Ok(Value::of(row.try_get(name)?, Value::Text))
}

fn crop(row: &Row) -> Result<Value, tokio_postgres::Error> {
    let name: Option<String> = row.try_get("crop")?;
    Ok(Value::Text(name.unwrap_or_else(|| UNKNOWN_CROP.to_owned())))
}

/// The columns, by the titles that users know.
fn columns(report: &Report, zone: Tz) -> Vec<Column> {
    let column = |name: &str, kind, description: &str| Column::new(name, kind, description);
    let time = |name: &str, description: &str| column(name, Kind::LocalTime, description).in_unit(zone.name());
    let mut columns = match report {
        Report::CoolingUsers { .. } => {
            return vec![
                column("First Name", Kind::Text, "First name."),
                column("Last Name", Kind::Text, "Last name."),
                column("Phone Number", Kind::Text, "Phone number."),
                column("Gender", Kind::Text, "fe, ma or ot; empty when unknown."),
                column("Parent Name", Kind::Text, "Name of a parent."),
                time("Date Joined", "When the user was registered."),
                column(
                    "Total Number of Checked-in Crates",
                    Kind::Integer,
                    "Crates that came into cooling units of the company; marketplace orders move nothing.",
                )
                .in_unit("crates"),
                time("Latest Check In Date", "When the latest of them came in; empty when none did."),
            ];
        }
        Report::Usage(_) => vec![
            column("Crate Id", Kind::Integer, "The crate."),
            column("Check-in Code", Kind::Text, "Code of the check-in's movement."),
            time("Check-in Date", "When the crate came in."),
            column("Crop Name", Kind::Text, "Crop; Unknown when none is stated."),
            column("Weight", Kind::Float, "Weight at check-in.").in_unit("kg"),
            column(
                "Price per Crate",
                Kind::Number,
                "Fees of the crate's releases so far, net of discounts; empty before the first.",
            )
            .in_unit("Currency"),
            column("Currency", Kind::Text, "Currency of the price, ISO 4217."),
        ],
        Report::Revenue(_) => vec![
            column("Crate Id", Kind::Integer, "The crate; it stands once for each of its releases in the period."),
            column("Check-out Code", Kind::Text, "Code of the check-out's movement."),
            time("Check-out Date", "When the crate, or a part of it, was released."),
            column("Crop Name", Kind::Text, "Crop; Unknown when none is stated."),
            column("Weight", Kind::Float, "Weight of the crate at check-in.").in_unit("kg"),
            column("Check-out Price per Crate", Kind::Number, "Fee of the release, less its share of the discount.")
                .in_unit("Currency"),
            column("Currency", Kind::Text, "Currency of the prices, ISO 4217."),
            column("Check-out Price per Crate before Discount", Kind::Number, "Fee of the release.")
                .in_unit("Currency"),
            column(
                "Price Discount per Crate",
                Kind::Number,
                "The release's share of the check-out's discount, by its share of the fees.",
            )
            .in_unit("Currency"),
            column("Days in Storage", Kind::Integer, "Local days from check-in to release.").in_unit("days"),
            column("Payment Type", Kind::Text, "Method of payment."),
        ],
    };
    columns.extend([
        column("First Name", Kind::Text, "First name of the owner."),
        column("Last Name", Kind::Text, "Last name of the owner."),
        column("Phone Number", Kind::Text, "Phone number of the owner."),
        column("Gender", Kind::Text, "Gender of the owner: fe, ma or ot; empty when unknown."),
        column("Cooling Unit Name", Kind::Text, "Name of the cooling unit."),
        column("Location Name", Kind::Text, "Name of its location."),
    ]);
    columns
}
