//! What is under way at a server and has to be given back to it, for which nobody waits but at the end of a run.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::watch;

/// Those that are under way.
#[derive(Debug, Clone)]
pub(crate) struct Pending(Arc<watch::Sender<usize>>);

impl Default for Pending {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Pending {
    /// One that begins, and ends when this is dropped.
    pub(crate) fn enter(&self) -> Counted {
        self.0.send_modify(|count| *count += 1);
        Counted(self.clone())
    }

    /// Starts one that is a request.
    pub(crate) fn spawn(&self, runtime: &Handle, request: impl Future<Output = ()> + Send + 'static) {
        let counted = self.enter();
        runtime.spawn(async move {
            let _counted = counted;
            request.await;
        });
    }

    /// Waits for all.
    pub(crate) async fn settle(&self) {
        // The sender is in `self`, so waiting ends by the count only.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// One of them, however it ends.
#[derive(Debug)]
pub(crate) struct Counted(Pending);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}
