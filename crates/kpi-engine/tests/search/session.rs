//! A session of the engine over a search server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::util::display::array_value_to_string;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use kpi_engine::search::{PushAggregates, SearchServer, Snapshots};
use metrics_core::kpi::{MultiValue, SearchSource, SearchTable, Timestamps};

/// The index `logs` as `elastic2.logs.log`.
pub fn source(url: &str) -> SearchSource {
    let table = SearchTable {
        index: "logs".to_owned(),
        table: "log".to_owned(),
        arrays: vec!["roles".to_owned()],
        multi_value: MultiValue::Error,
        timestamps: Timestamps::Naive,
    };
    SearchSource {
        url: url.to_owned(),
        authentication: None,
        request_timeout: Duration::from_secs(10),
        page_size: 1_000,
        schemas: BTreeMap::from([("logs".to_owned(), table)]),
    }
}

/// A session that sees one state of the server.
pub struct Session {
    pub context: SessionContext,
    pub server: Arc<SearchServer>,
}

impl Session {
    pub async fn open(source: &SearchSource) -> Self {
        Self::over(SearchServer::connect("elastic2", source, "UTC").await.expect("the server answers"))
    }

    pub fn over(server: Arc<SearchServer>) -> Self {
        let rule = Arc::new(PushAggregates);
        let config = SessionConfig::new().with_extension(Arc::new(Snapshots::new(Duration::from_mins(1))));
        let state =
            SessionStateBuilder::new().with_config(config).with_default_features().with_optimizer_rule(rule).build();
        let context = SessionContext::new_with_state(state);
        context.register_catalog("elastic2", server.catalog(true));
        Self { context, server }
    }

    /// Rows as texts, sorted; null is `∅`.
    pub async fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>, DataFusionError> {
        rows(&self.context, sql).await
    }

    /// The only value.
    pub async fn value(&self, sql: &str) -> Result<String, DataFusionError> {
        let rows = self.rows(sql).await?;
        assert!(rows.len() == 1 && rows[0].len() == 1, "{sql}: {rows:?}");
        Ok(rows[0][0].clone())
    }

    /// The plan as it runs.
    pub async fn plan(&self, sql: &str) -> String {
        let plan = self.context.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
        datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string()
    }

    /// Gives everything back to the server.
    pub async fn close(self) {
        let Self { context, server } = self;
        drop(context);
        server.settle().await;
    }
}

pub async fn rows(context: &SessionContext, sql: &str) -> Result<Vec<Vec<String>>, DataFusionError> {
    let batches = context.sql(sql).await?.collect().await?;
    let mut rows = Vec::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let text = |column: &datafusion::arrow::array::ArrayRef| {
                if column.is_null(row) { "∅".to_owned() } else { array_value_to_string(column, row).unwrap() }
            };
            rows.push(batch.columns().iter().map(text).collect());
        }
    }
    rows.sort();
    Ok(rows)
}
