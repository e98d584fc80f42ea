//! Companies.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use rust_decimal::Decimal;

use super::Page;
use super::stored::StoredNumbers;
use crate::coldroom::slice::NumbersByName;
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::{company_metrics as t, cooling_unit_metrics as days};
use crate::ids::CompanyId;

/// One row of `metrics.company_metrics`.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = t, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.company_metrics, described there")]
pub struct Company {
    pub report_date: NaiveDate,
    pub company_id: i64,
    pub comp_name: Option<String>,
    pub comp_logo: Option<String>,
    pub comp_country: Option<String>,
    pub comp_cap_tons: Option<Decimal>,
    pub comp_cap_num_crates: Option<i32>,
    #[diesel(deserialize_as = StoredNumbers)]
    pub cooling_unit_types: NumbersByName,
    pub comp_op: i32,
    pub comp_op_fem: i32,
    pub comp_op_ma: i32,
    pub comp_op_ot: i32,
    pub currency: Option<String>,
    pub comp_reg_users: i32,
    pub comp_reg_users_ma: i32,
    pub comp_reg_users_fem: i32,
    pub comp_reg_users_ot: i32,
    pub comp_beneficiaries: Decimal,
    pub comp_beneficiaries_fem: Decimal,
    pub comp_beneficiaries_ma: Decimal,
    pub comp_cool_users: i32,
    pub comp_cool_users_fem: i32,
    pub comp_cool_users_ma: i32,
    pub comp_cool_users_ot: i32,
    pub comp_farmers: i32,
    pub comp_traders: i32,
    pub comp_unspec_user_type: i32,
    pub comp_crates_in: i32,
    pub comp_ops_in: i32,
    pub comp_kg_in: f64,
    pub comp_crates_out: i32,
    pub comp_ops_out: i32,
    pub comp_kg_out: f64,
    pub comp_average_room_occupancy: Option<Decimal>,
    pub comp_revenue: Option<Decimal>,
    pub comp_revenue_usd: Option<Decimal>,
    pub fx_missing_days: i32,
    pub time_zone: String,
    pub parameter_set: String,
}

impl From<StoredNumbers> for NumbersByName {
    fn from(stored: StoredNumbers) -> Self {
        stored.0
    }
}

/// The row of one company, if it has one.
pub async fn company(conn: &mut Connection, company: CompanyId) -> Result<Option<Company>, DbError> {
    let row = t::table.find(company.0).select(Company::as_select()).first(conn).await.optional()?;
    Ok(row)
}

/// A company as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = t, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.company_metrics, described there")]
pub struct ListedCompany {
    pub company_id: i64,
    pub comp_name: Option<String>,
    pub comp_country: Option<String>,
    pub currency: Option<String>,
    pub time_zone: String,
    pub parameter_set: String,
}

/// A page of companies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyPage {
    /// Companies of the page, by id.
    pub companies: Vec<ListedCompany>,
    /// Companies on all pages.
    pub total: i64,
}

/// Companies with a row, by id.
pub async fn companies(conn: &mut Connection, page: Page) -> Result<CompanyPage, DbError> {
    let total = t::table.count().get_result(conn).await?;
    let companies = t::table
        .order(t::company_id)
        .limit(page.limit.into())
        .offset(page.offset)
        .select(ListedCompany::as_select())
        .load(conn)
        .await?;
    Ok(CompanyPage { companies, total })
}

/// Name, country, currency, time zone and parameter set of a day.
type DayOfCompany = (Option<String>, Option<String>, Option<String>, String, String);

/// One company as lists show it, also one of which only days of cooling units are stored yet.
pub async fn listed_company(conn: &mut Connection, company: CompanyId) -> Result<Option<ListedCompany>, DbError> {
    let row = t::table.find(company.0).select(ListedCompany::as_select()).first(conn).await.optional()?;
    if row.is_some() {
        return Ok(row);
    }
    let latest: Option<DayOfCompany> = days::table
        .filter(days::company_id.eq(company.0))
        .order((days::date.desc(), days::cooling_unit_id))
        .select((days::comp_name, days::country, days::currency, days::time_zone, days::parameter_set))
        .first(conn)
        .await
        .optional()?;
    Ok(latest.map(|(comp_name, comp_country, currency, time_zone, parameter_set)| ListedCompany {
        company_id: company.0,
        comp_name,
        comp_country,
        currency,
        time_zone,
        parameter_set,
    }))
}
