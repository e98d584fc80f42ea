//! Cooling units with what belongs to them: location, company, power, prices, staff.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::instant::Instant;
use super::{Filter, Snapshot};
use crate::coldroom::HeadCount;
use crate::db::DbError;
use crate::ids::{CompanyId, CoolingUnitId};
use crate::lca::room::{PowerSupply, RoomDescription};

/// How a unit charges for storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pricing {
    /// Charged per crate, else per kilogram.
    pub is_per_crate: bool,
    /// An active crop is priced per day.
    pub has_per_day: bool,
    /// An active crop has a fixed price.
    pub has_fixed: bool,
}

impl Pricing {
    /// The label that users know, for example `Per Crate per day`.
    pub fn label(self) -> String {
        let prefix = if self.is_per_crate { "Per Crate" } else { "Per KG" };
        let suffix = match (self.has_per_day, self.has_fixed) {
            (true, true) => " mixed",
            (true, false) => " per day",
            (false, true) => " fixed",
            (false, false) => "",
        };
        format!("{prefix}{suffix}")
    }
}

/// Company of a unit, as the source states it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitCompany {
    /// Its id.
    pub id: CompanyId,
    /// Its name.
    pub name: Option<String>,
    /// Its country, ISO 3166 alpha-2.
    pub country: Option<String>,
    /// Its currency, ISO 4217.
    pub currency: Option<String>,
}

/// One cooling unit of the source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceUnit {
    /// Its id.
    pub id: CoolingUnitId,
    /// Its name.
    pub name: Option<String>,
    /// Neither it nor its location is deleted.
    pub is_alive: bool,
    /// State of its location.
    pub state: Option<String>,
    /// Its type.
    pub unit_type: Option<String>,
    /// Capacity, metric tons.
    pub capacity_t: Option<f64>,
    /// Capacity, crates.
    pub capacity_crates: Option<i32>,
    /// How storage is charged.
    pub pricing: Pricing,
    /// When the record was made.
    pub created_at: Option<DateTime<Utc>>,
    /// Whether the source states a creation that no calendar knows.
    pub has_unusable_creation: bool,
    /// Company that owns the location.
    pub company: Option<UnitCompany>,
    /// The room and its power.
    pub room: RoomDescription,
    /// Active users assigned to the unit.
    pub staff: HeadCount,
}

/// A float of the source that a figure can be made of.
fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

fn unit(row: &Row) -> Result<SourceUnit, DbError> {
    let company = match row.try_get::<_, Option<i64>>("company_id")? {
        Some(id) => Some(UnitCompany {
            id: CompanyId(id),
            name: row.try_get("company_name")?,
            country: row.try_get("country")?,
            currency: row.try_get("currency")?,
        }),
        None => None,
    };
    let power = if row.try_get("has_power")? {
        Some(PowerSupply {
            daily_room_kwh: row.try_get("daily_room_wattage")?,
            power_source: row.try_get::<_, Option<String>>("power_source")?.unwrap_or_default(),
            diesel_perc: row.try_get("power_source_diesel_percent")?,
            grid_perc: row.try_get("power_source_grid_percent")?,
            pv_perc: row.try_get("power_source_pv_percent")?,
            biomass_perc: row.try_get("power_source_biomass_percent")?,
            refrigerant_type: row.try_get("refrigerant_type")?,
            refrigerant_kg: row.try_get("amount_refrigerant")?,
        })
    } else {
        None
    };
    let created = row.try_get::<_, Option<Instant>>("date_creation")?;
    Ok(SourceUnit {
        id: CoolingUnitId(row.try_get("id")?),
        name: row.try_get("unit_name")?,
        is_alive: row.try_get("is_alive")?,
        state: row.try_get("state")?,
        unit_type: row.try_get("cool_unit_type")?,
        capacity_t: finite(row.try_get("capacity_in_metric_tons")?),
        capacity_crates: row.try_get("capacity_in_number_crates")?,
        pricing: Pricing {
            is_per_crate: row.try_get::<_, Option<&str>>("metric")? == Some("CRATES"),
            has_per_day: row.try_get("has_per_day")?,
            has_fixed: row.try_get("has_fixed")?,
        },
        created_at: created.and_then(Instant::finite),
        has_unusable_creation: created.is_some_and(|created| created.finite().is_none()),
        room: RoomDescription {
            power,
            room_length_m: row.try_get("room_length")?,
            room_width_m: row.try_get("room_width")?,
            room_height_m: row.try_get("room_height")?,
            country: company.as_ref().and_then(|company| company.country.clone()),
        },
        company,
        staff: HeadCount {
            female: row.try_get("staff_female")?,
            male: row.try_get("staff_male")?,
            other: row.try_get("staff_other")?,
        },
    })
}

/// Cooling units of `filter`, alive or not, ascending by id.
pub async fn load(snapshot: &Snapshot<'_>, filter: &Filter) -> Result<Vec<SourceUnit>, DbError> {
    let rows =
        snapshot.transaction().query(include_str!("units.sql"), &[&filter.companies, &filter.cooling_units]).await?;
    rows.iter().map(unit).collect()
}
