//! Views for others: those of the predecessor's names in `public`, and two over the operational tables.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{Bool, Nullable, Text};
use diesel_async::{AsyncConnection as _, RunQueryDsl, SimpleAsyncConnection};

use super::connect::{ConnectOptions, Connection, connect_diesel};
use super::error::DbError;
use crate::settings::DatabaseUrl;

/// Views in `public`, each over the table of `metrics` with the same name.
const PUBLIC: [(&str, &str); 3] = [
    ("cooling_unit_metrics", include_str!("views/public_cooling_unit_metrics.sql")),
    ("company_metrics", include_str!("views/public_company_metrics.sql")),
    ("impact_metrics", include_str!("views/public_impact_metrics.sql")),
];
/// Tables that the predecessor keeps in `public`.
const PREDECESSOR: [&str; 3] = ["cooling_unit_metrics", "company_metrics", "impact_metrics"];

/// A view over the operational tables.
struct SourceView {
    name: &'static str,
    create: &'static str,
    tables: &'static [&'static str],
}

const SOURCE: [SourceView; 2] = [
    SourceView {
        name: "metrics.analytics_crate_movements",
        create: include_str!("views/analytics_crate_movements.sql"),
        tables: &[
            "storage_crate",
            "storage_produce",
            "storage_crop",
            "storage_cratepartialcheckout",
            "operation_checkin",
            "operation_checkout",
            "operation_movement",
            "operation_marketsurvey",
            "user_farmer",
            "user_farmersurvey",
        ],
    },
    SourceView {
        name: "metrics.view_relevant_checkins",
        create: include_str!("views/view_relevant_checkins.sql"),
        tables: &[
            "storage_crate",
            "storage_produce",
            "storage_crop",
            "storage_coolingunit",
            "storage_cratepartialcheckout",
            "operation_checkin",
            "operation_movement",
        ],
    },
];

/// A view of the predecessor's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicView {
    /// For example `public.company_metrics`.
    pub name: String,
    /// Why it was not made; `None`: it is there, and current.
    pub skipped: Option<String>,
}

/// What has a name in `public`.
#[derive(QueryableByName)]
struct Occupant {
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
    #[diesel(sql_type = Bool)]
    is_ours: bool,
    #[diesel(sql_type = Bool)]
    may_create: bool,
}

async fn occupant(conn: &mut Connection, name: &str) -> Result<Occupant, DbError> {
    Ok(diesel::sql_query(include_str!("views/occupant.sql")).bind::<Text, _>(name).get_result(conn).await?)
}

/// Makes or renews the views in `public`. A name that something else has is left alone and reported.
pub(super) async fn create_public(conn: &mut Connection) -> Result<Vec<PublicView>, DbError> {
    let mut views = Vec::new();
    for (name, create) in PUBLIC {
        let occupant = occupant(conn, name).await?;
        let skipped = match occupant.kind {
            Some(kind) if !occupant.is_ours => {
                Some(format!("a {kind} of this name exists; `reporter adopt` renames the predecessor's tables"))
            }
            None if !occupant.may_create => {
                Some("the database user may not create views in schema public; its owner can GRANT CREATE".to_owned())
            }
            _ => {
                conn.batch_execute(create).await?;
                diesel::sql_query("SELECT set_config('metrics.view', $1, true)")
                    .bind::<Text, _>(name)
                    .execute(conn)
                    .await?;
                conn.batch_execute(include_str!("views/copy_comments.sql")).await?;
                None
            }
        };
        views.push(PublicView { name: format!("public.{name}"), skipped });
    }
    Ok(views)
}

/// Drops the views in `public` that are ours.
pub(super) async fn drop_public(conn: &mut Connection) -> Result<(), DbError> {
    for (name, _) in PUBLIC {
        if occupant(conn, name).await?.is_ours {
            execute_generated(conn, "SELECT format('DROP VIEW public.%I', $1) AS statement", name).await?;
        }
    }
    Ok(())
}

/// Renames the predecessor's tables to `<name>_predecessor`; the names from and to.
pub(super) async fn rename_predecessor(conn: &mut Connection) -> Result<Vec<(String, String)>, DbError> {
    let mut renamed = Vec::new();
    for name in PREDECESSOR {
        if occupant(conn, name).await?.kind.as_deref() != Some("table") {
            continue;
        }
        let new_name = format!("{name}_predecessor");
        if occupant(conn, &new_name).await?.kind.is_some() {
            return Err(DbError::Occupied { name: format!("public.{new_name}") });
        }
        let rename = "SELECT format('ALTER TABLE public.%I RENAME TO %I', $1, $1 || '_predecessor') AS statement";
        execute_generated(conn, rename, name).await?;
        renamed.push((format!("public.{name}"), format!("public.{new_name}")));
    }
    Ok(renamed)
}

#[derive(QueryableByName)]
struct Statement {
    #[diesel(sql_type = Text)]
    statement: String,
}

/// Runs the statement that the server makes of `name`, which as an identifier cannot be bound.
async fn execute_generated(conn: &mut Connection, generate: &str, name: &str) -> Result<(), DbError> {
    let generated: Statement = diesel::sql_query(generate).bind::<Text, _>(name).get_result(conn).await?;
    Ok(conn.batch_execute(&generated.statement).await?)
}

/// Makes or renews `metrics.analytics_crate_movements` and `metrics.view_relevant_checkins`; their names.
///
/// They read the operational tables, which have to be in the same database.
pub async fn create_source_views(url: &DatabaseUrl) -> Result<Vec<&'static str>, DbError> {
    let mut conn = open(url).await?;
    for view in &SOURCE {
        for table in view.tables {
            let missing = Missing::of(&mut conn, table).await?;
            if missing.is_missing {
                return Err(DbError::NoSourceTables {
                    view: view.name,
                    table: format!("public.{table}"),
                    target: url.target(),
                });
            }
        }
    }
    conn.transaction(async |conn| {
        for view in &SOURCE {
            conn.batch_execute(view.create).await?;
        }
        Ok::<_, DbError>(())
    })
    .await?;
    Ok(SOURCE.iter().map(|view| view.name).collect())
}

/// Drops what [`create_source_views`] made; the names.
pub async fn drop_source_views(url: &DatabaseUrl) -> Result<Vec<&'static str>, DbError> {
    let mut conn = open(url).await?;
    conn.batch_execute(
        "DROP VIEW IF EXISTS metrics.analytics_crate_movements; DROP VIEW IF EXISTS metrics.view_relevant_checkins",
    )
    .await?;
    Ok(SOURCE.iter().map(|view| view.name).collect())
}

async fn open(url: &DatabaseUrl) -> Result<Connection, DbError> {
    let options = ConnectOptions {
        application_name: "metrics views".to_owned(),
        read_only: false,
        statement_timeout: Duration::ZERO,
        connect_timeout: Duration::from_secs(10),
    };
    connect_diesel(url, &options).await
}

#[derive(QueryableByName)]
struct Missing {
    #[diesel(sql_type = Bool)]
    is_missing: bool,
}

impl Missing {
    async fn of(conn: &mut Connection, table: &str) -> Result<Self, DbError> {
        Ok(diesel::sql_query("SELECT to_regclass(format('public.%I', $1)) IS NULL AS is_missing")
            .bind::<Text, _>(table)
            .get_result(conn)
            .await?)
    }
}
