//! Threads for what computes. Deadlines, signals and connections to databases stay on those of the caller: a join that
//! takes minutes between two batches keeps none of them waiting.

use std::num::NonZero;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use datafusion::arrow::array::RecordBatch;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures_util::{Stream, TryStreamExt as _};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

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
            let sent = async {
                let mut batches = execute_stream(plan, task)?;
                while let Some(batch) = batches.try_next().await? {
                    if sender.send(Ok(batch)).await.is_err() {
                        break;
                    }
                }
                Ok::<_, DataFusionError>(())
            };
            if let Err(error) = sent.await {
                // Nobody may be waiting any more.
                let _ = sender.send(Err(error)).await;
            }
        });
        Ok(Batches { receiver, work: work.abort_handle() })
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
    receiver: mpsc::Receiver<Result<RecordBatch>>,
    work: AbortHandle,
}

impl Stream for Batches {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver.poll_recv(context)
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.work.abort();
    }
}
