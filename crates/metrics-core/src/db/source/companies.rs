//! Companies with their people.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::{Filter, Snapshot};
use crate::coldroom::HeadCount;
use crate::coldroom::company::CoolingUsers;
use crate::db::DbError;
use crate::ids::CompanyId;

/// One company of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCompany {
    /// Its id.
    pub id: CompanyId,
    /// Its name.
    pub name: Option<String>,
    /// Path of its logo.
    pub logo: Option<String>,
    /// Its country, ISO 3166 alpha-2.
    pub country: Option<String>,
    /// Its currency, ISO 4217.
    pub currency: Option<String>,
    /// Active operators.
    pub operators: HeadCount,
    /// Active registered employees.
    pub employees: HeadCount,
    /// Farmers linked to it or created by its operators, without the placeholder.
    pub cooling_users: CoolingUsers,
}

fn heads(row: &Row, prefix: &str) -> Result<HeadCount, DbError> {
    Ok(HeadCount {
        female: row.try_get(format!("{prefix}_female").as_str())?,
        male: row.try_get(format!("{prefix}_male").as_str())?,
        other: row.try_get(format!("{prefix}_other").as_str())?,
    })
}

fn company(row: &Row) -> Result<SourceCompany, DbError> {
    Ok(SourceCompany {
        id: CompanyId(row.try_get("id")?),
        name: row.try_get("name")?,
        logo: row.try_get("logo")?,
        country: row.try_get("country")?,
        currency: row.try_get("currency")?,
        operators: heads(row, "operators")?,
        employees: heads(row, "employees")?,
        cooling_users: CoolingUsers {
            people: heads(row, "users")?,
            farmers: row.try_get("users_farmers")?,
            traders: row.try_get("users_traders")?,
        },
    })
}

/// Companies of `filter`, ascending by id; surveys at or after `as_of` are not seen.
pub async fn load(
    snapshot: &Snapshot<'_>,
    filter: &Filter,
    as_of: DateTime<Utc>,
) -> Result<Vec<SourceCompany>, DbError> {
    let rows = snapshot.transaction().query(include_str!("companies.sql"), &[&filter.companies, &as_of]).await?;
    rows.iter().map(company).collect()
}
