//! The peer of `GET /api/coolingunit-slice`: actix-web, tokio-postgres, and one query that does all the work.
//!
//! No settings, no checks, no entity tags, no snapshot, no documentation: what a handler costs that only passes on the
//! JSON text that PostgreSQL made. `DATABASE_URL` and `LISTEN` say where; connections per thread are 4.

use std::cell::Cell;
use std::error::Error;

use actix_web::error::{ErrorBadRequest, ErrorInternalServerError};
use actix_web::web::{Data, Query, get};
use actix_web::{App, HttpResponse, HttpServer};
use chrono::NaiveDate;
use futures_util::future::try_join_all;
use serde::Deserialize;
use tokio_postgres::{Client, NoTls, Statement};

const CONNECTIONS_PER_THREAD: usize = 4;

#[derive(Deserialize)]
struct SliceQuery {
    unit_ids: String,
    start_date: NaiveDate,
    end_date: NaiveDate,
}

/// Connections of one thread, taken in turn; each may carry several queries at once.
struct Connections {
    all: Vec<(Client, Statement)>,
    next: Cell<usize>,
}

impl Connections {
    async fn open(url: &str) -> Result<Self, tokio_postgres::Error> {
        let all = try_join_all((0..CONNECTIONS_PER_THREAD).map(|_| async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            actix_web::rt::spawn(connection);
            // Compiling the query takes longer than running it.
            client.batch_execute("SET jit = off").await?;
            let statement = client.prepare(include_str!("slice.sql")).await?;
            Ok((client, statement))
        }));
        Ok(Self { all: all.await?, next: Cell::new(0) })
    }

    fn next(&self) -> &(Client, Statement) {
        let position = self.next.get();
        self.next.set((position + 1) % self.all.len());
        &self.all[position]
    }
}

async fn slice(query: Query<SliceQuery>, connections: Data<Connections>) -> Result<HttpResponse, actix_web::Error> {
    let ids: Vec<i64> =
        query.unit_ids.split(',').map(|id| id.trim().parse()).collect::<Result<_, _>>().map_err(ErrorBadRequest)?;
    let (client, statement) = connections.next();
    let row = client
        .query_one(statement, &[&ids, &query.start_date, &query.end_date])
        .await
        .map_err(ErrorInternalServerError)?;
    let json: String = row.try_get(0).map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().content_type("application/json").body(json))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::var("DATABASE_URL")?;
    let listen = std::env::var("LISTEN")?;
    HttpServer::new(move || {
        let url = url.clone();
        App::new()
            .data_factory(move || {
                let url = url.clone();
                async move { Connections::open(&url).await }
            })
            .route("/api/coolingunit-slice", get().to(slice))
    })
    .bind(listen)?
    .run()
    .await?;
    Ok(())
}
