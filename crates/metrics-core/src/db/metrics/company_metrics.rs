//! `metrics.company_metrics`: one row per company; and its history by report date.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use tokio_postgres::{Client, Transaction};

use super::{Changes, copy_in, create_stage};
use crate::coldroom::HeadCount;
use crate::coldroom::company::{CompanyFigures, beneficiaries};
use crate::db::DbError;
use crate::db::copy::CopyText;
use crate::db::source::companies::SourceCompany;
use crate::parameters::Household;

/// Capacity and kinds of a company's alive units.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Capacity {
    /// Metric tons over the units that state it; absent when units exist and none does.
    pub tons: Option<Decimal>,
    /// Crates over the units that state it; absent when units exist and none does.
    pub crates: Option<i32>,
    /// Number of units by type.
    pub types: BTreeMap<String, u32>,
}

/// What is the same in all rows of a run.
#[derive(Debug)]
pub struct RowContext<'a> {
    /// Version of the literature values.
    pub parameter_set: &'a str,
    /// When the rows are computed.
    pub computed_at: DateTime<Utc>,
}

/// One company with everything that its row holds.
#[derive(Debug)]
pub struct CompanyRow<'a> {
    /// The company as the source states it now.
    pub company: &'a SourceCompany,
    /// Local date of as-of in the company's zone.
    pub report_date: NaiveDate,
    /// That zone.
    pub time_zone: &'a str,
    /// Household of its country.
    pub household: &'a Household,
    /// Its alive units.
    pub capacity: &'a Capacity,
    /// Its figures.
    pub figures: &'a CompanyFigures,
}

/// Companies on their way into the table.
#[derive(Debug, Default)]
pub struct Rows {
    text: CopyText,
    companies: Vec<i64>,
}

impl Rows {
    /// Takes one company in, in the order of the table's columns.
    pub fn push(&mut self, context: &RowContext<'_>, company_row: &CompanyRow<'_>) -> Result<(), DbError> {
        let CompanyRow { company, figures, capacity, household, .. } = company_row;
        self.companies.push(company.id.0);
        let row = &mut self.text;
        let heads = |row: &mut CopyText, order: [i32; 3], heads: &HeadCount| {
            row.plain(heads.total());
            for count in order {
                row.plain(count);
            }
        };
        row.plain(company_row.report_date);
        row.plain(company.id);
        row.text(company.name.as_deref());
        row.text(company.logo.as_deref());
        row.text(company.country.as_deref());
        row.optional(capacity.tons);
        row.optional(capacity.crates);
        row.json(&capacity.types)?;
        let people = &company.operators;
        heads(row, [people.female, people.male, people.other], people);
        row.text(company.currency.as_deref());
        let people = &company.employees;
        heads(row, [people.male, people.female, people.other], people);
        let users = &company.cooling_users;
        let helped = beneficiaries(usize::try_from(users.people.total()).unwrap_or(0), household);
        row.plain(helped.total);
        row.plain(helped.female);
        row.plain(helped.male);
        heads(row, [users.people.female, users.people.male, users.people.other], &users.people);
        row.plain(users.farmers);
        row.plain(users.traders);
        row.plain(users.unspecified());
        row.plain(figures.crates_in);
        row.plain(figures.check_ins);
        row.plain(figures.kg_in);
        row.plain(figures.crates_out);
        row.plain(figures.check_outs);
        row.plain(figures.kg_out);
        row.optional(figures.occupancy_perc);
        row.optional(figures.revenue);
        row.optional(figures.revenue_usd);
        row.plain(figures.days_without_revenue);
        row.text(Some(company_row.time_zone));
        row.text(Some(context.parameter_set));
        row.plain(context.computed_at.to_rfc3339());
        row.end_row();
        Ok(())
    }

    /// Number of companies.
    pub fn len(&self) -> usize {
        self.companies.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.companies.is_empty()
    }
}

/// Prepares the session for [`replace`].
pub async fn prepare(client: &Client) -> Result<(), DbError> {
    create_stage(client, "CREATE TEMP TABLE company_stage (LIKE metrics.company_metrics) ON COMMIT DELETE ROWS").await
}

/// Stores `rows` in the history and, unless `history_only`, makes them the only rows of the scope: of all companies,
/// or of those in `scope`.
pub async fn replace(
    transaction: &Transaction<'_>,
    rows: &mut Rows,
    scope: Option<&[i64]>,
    history_only: bool,
) -> Result<Changes, DbError> {
    let companies = std::mem::take(&mut rows.companies);
    copy_in(transaction, "COPY company_stage FROM STDIN", &mut rows.text).await?;
    let mut changes = Changes::default();
    if !history_only {
        let sql = "DELETE FROM metrics.company_metrics \
                   WHERE company_id <> ALL ($1) AND ($2::bigint[] IS NULL OR company_id = ANY ($2))";
        changes.deleted = transaction.execute(sql, &[&companies, &scope]).await?;
        changes.written = transaction.execute(include_str!("company_upsert.sql"), &[]).await?;
    }
    let in_history = transaction.execute(include_str!("company_history_upsert.sql"), &[]).await?;
    if history_only {
        changes.written = in_history;
    }
    Ok(changes)
}
