//! What our own channels are of: subjects of the tables of metrics, as their newest rows describe them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;

use crate::channel::catalogue::Described;
use crate::channel::names::{Backend, Subject};
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::store;
use crate::ids::{CompanyId, CoolingUnitId};

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct Room {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    unit_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    comp_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    currency: Option<String>,
}

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct Kpi {
    #[diesel(sql_type = Text)]
    environment: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    unit: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    description: Option<String>,
}

/// The subjects of `backend`, in the order of lists: cooling units, then companies, by id; stores by their ids; KPIs
/// whose values are single numbers by environment, then as their definitions have them.
pub async fn subjects(conn: &mut Connection, backend: Backend) -> Result<Vec<Described>, DbError> {
    match backend {
        Backend::Cooling => {
            let units: Vec<Room> = diesel::sql_query(include_str!("cooling_units.sql")).load(conn).await?;
            let companies: Vec<Room> = diesel::sql_query(include_str!("companies.sql")).load(conn).await?;
            Ok(units.into_iter().map(cooling_unit).chain(companies.into_iter().map(company)).collect())
        }
        Backend::Store => {
            let ids: Vec<String> = store::table.order(store::ext_id).select(store::ext_id).load(conn).await?;
            Ok(ids.into_iter().map(of_store).collect())
        }
        Backend::Kpi => {
            let kpis: Vec<Kpi> = diesel::sql_query(include_str!("kpis.sql")).load(conn).await?;
            Ok(kpis.into_iter().map(kpi).collect())
        }
    }
}

fn cooling_unit(room: Room) -> Described {
    let name = room.unit_name.unwrap_or_else(|| format!("Cooling unit {}", room.id));
    Described {
        subject: Subject::CoolingUnit(CoolingUnitId(room.id)),
        title: room.comp_name.map_or_else(|| name.clone(), |company| format!("{name} ({company})")),
        remark: String::new(),
        unit: room.currency.unwrap_or_default(),
    }
}

fn company(room: Room) -> Described {
    let name = room.comp_name.unwrap_or_else(|| format!("Company {}", room.id));
    Described {
        subject: Subject::Company(CompanyId(room.id)),
        title: format!("{name}, all cooling units"),
        remark: String::new(),
        unit: room.currency.unwrap_or_default(),
    }
}

fn of_store(id: String) -> Described {
    Described { title: format!("Store {id}"), subject: Subject::Store(id), remark: String::new(), unit: String::new() }
}

fn kpi(kpi: Kpi) -> Described {
    Described {
        title: format!("{} ({})", kpi.name, kpi.environment),
        remark: kpi.description.unwrap_or_default(),
        unit: kpi.unit.unwrap_or_default(),
        subject: Subject::Kpi { environment: kpi.environment, name: kpi.name },
    }
}
