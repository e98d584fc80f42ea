//! SIGINT and SIGTERM, as something that a run can wait for.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::exit::CommandError;

/// Whether the program was asked to end.
#[derive(Debug, Clone)]
pub struct Interrupt {
    asked: watch::Receiver<bool>,
}

impl Interrupt {
    /// Listens from now on. A second signal ends the program at once, as if nobody listened.
    pub fn listen() -> std::io::Result<Self> {
        let (tell, asked) = watch::channel(false);
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::spawn(async move {
            let mut wait = async || {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            };
            wait().await;
            tracing::warn!("asked to end: finishing the batch under way");
            // Nobody waits any more when this fails: the program is ending.
            let _ = tell.send(true);
            wait().await;
            std::process::exit(i32::from(crate::exit::Exit::Failed.code()));
        });
        Ok(Self { asked })
    }

    /// Leaves signals to the system.
    pub fn never() -> Self {
        let (_, asked) = watch::channel(false);
        Self { asked }
    }

    /// Does `work` to its end, unless the program is asked to end before.
    pub async fn unless<T>(&self, work: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
        tokio::select! {
            result = work => result,
            () = self.asked() => Err(CommandError::Interrupted),
        }
    }

    /// Whether the program was asked to end.
    pub fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }

    /// Returns when the program is asked to end.
    pub async fn asked(&self) {
        let mut asked = self.asked.clone();
        if asked.wait_for(|asked| *asked).await.is_err() {
            // Nobody listens; or the listening task ended, which it does only with the program.
            std::future::pending::<()>().await;
        }
    }
}
