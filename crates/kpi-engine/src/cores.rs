//! Threads for what computes. Deadlines, signals and connections to databases stay on those of the caller: a join that
//! takes minutes between two batches keeps none of them waiting.

use std::num::NonZero;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use datafusion::arrow::array::RecordBatch;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures_util::{Stream, TryStreamExt as _};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Batches that may wait for the caller.
const BATCHES: usize = 2;
/// Threads at least: a query that was given up keeps its own until it comes to the end of a batch.
const FEWEST_THREADS: usize = 16;

/// The threads.
#[derive(Debug)]
pub(crate) struct Cores(Option<Runtime>);

impl Cores {
    /// Threads for `queries` at a time.
    pub fn new(queries: usize) -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads = cores.saturating_mul(queries).max(FEWEST_THREADS);
        let runtime = Builder::new_multi_thread().worker_threads(threads).thread_name("engine").enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs a plan. When what comes back is dropped, it ends at the next batch.
    pub fn run(&self, plan: &Arc<dyn ExecutionPlan>, task: Arc<TaskContext>) -> Result<Batches> {
        let Some(runtime) = &self.0 else {
            return Err(DataFusionError::Execution("the engine has ended".to_owned()));
        };
        let (sender, receiver) = mpsc::channel(BATCHES);
        let plan = Arc::clone(plan);
        let work = runtime.spawn(async move {
            let mut batches = execute_stream(plan, task)?;
            while let Some(batch) = batches.try_next().await? {
                if sender.send(batch).await.is_err() {
                    // Nobody is waiting any more.
                    break;
                }
            }
            Ok(())
        });
        Ok(Batches { receiver, work, is_over: false })
    }
}

impl Drop for Cores {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Not waited for: what was given up may go on for minutes, and ends with the program.
            runtime.shutdown_background();
        }
    }
}

/// What a plan gives.
#[derive(Debug)]
pub(crate) struct Batches {
    receiver: mpsc::Receiver<RecordBatch>,
    work: JoinHandle<Result<()>>,
    is_over: bool,
}

impl Stream for Batches {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(batch) = ready!(self.receiver.poll_recv(context)) {
            return Poll::Ready(Some(Ok(batch)));
        }
        if self.is_over {
            return Poll::Ready(None);
        }
        // After the last batch: only now it is known that there are no more, and not that the work broke down.
        let ended = ready!(Pin::new(&mut self.work).poll(context));
        self.is_over = true;
        let ended =
            ended.unwrap_or_else(|error| Err(DataFusionError::Execution(format!("the engine broke down: {error}"))));
        Poll::Ready(ended.err().map(Err))
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.work.abort();
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Int64Array;
    use datafusion::arrow::datatypes::DataType;
    use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
    use datafusion::prelude::SessionContext;

    use super::*;

    /// What a query over two batches gives, of which the second one ends the work so.
    async fn given(second: impl Fn() -> Result<ColumnarValue> + Send + Sync + 'static) -> Result<Vec<RecordBatch>> {
        let context = SessionContext::new();
        let implementation = move |values: &[ColumnarValue]| match &values[0] {
            ColumnarValue::Array(array) if array.len() == 1 => second(),
            value => Ok(value.clone()),
        };
        let function =
            create_udf("f", vec![DataType::Int64], DataType::Int64, Volatility::Volatile, Arc::new(implementation));
        context.register_udf(function);
        let batch =
            |numbers: Vec<i64>| RecordBatch::try_from_iter([("n", Arc::new(Int64Array::from(numbers)) as _)]).unwrap();
        let batches = vec![batch(vec![1, 2]), batch(vec![3])];
        let table = datafusion::datasource::MemTable::try_new(batches[0].schema(), vec![batches]).unwrap();
        context.register_table("t", Arc::new(table)).unwrap();
        let plan = context.sql("SELECT f(n) FROM t").await.unwrap().create_physical_plan().await.unwrap();
        Cores::new(1).unwrap().run(&plan, context.task_ctx())?.try_collect().await
    }

    #[tokio::test]
    async fn work_that_breaks_down_is_an_error_and_no_end() {
        let whole = given(|| Ok(ColumnarValue::Array(Arc::new(Int64Array::from(vec![3]))))).await.unwrap();
        assert_eq!(whole.iter().map(RecordBatch::num_rows).sum::<usize>(), 3);
        let failed = given(|| Err(DataFusionError::Execution("as the test says".to_owned()))).await.unwrap_err();
        assert!(failed.to_string().contains("as the test says"), "{failed}");
        let panicked = given(|| panic!("as the test says")).await.unwrap_err();
        assert!(panicked.to_string().contains("the engine broke down"), "{panicked}");
    }
}
