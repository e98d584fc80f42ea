//! SIGINT and SIGTERM, as something to wait for.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use metrics_core::exit::Exit;

/// Whether the program was asked to end.
#[derive(Debug, Clone)]
pub struct Stop {
    asked: watch::Receiver<bool>,
}

impl Stop {
    /// Listens from now on. A second signal ends the program at once, as if nobody listened.
    pub fn listen() -> std::io::Result<Self> {
        Self::listen_and(|| {})
    }

    /// The same; before a second signal ends the program, `last` is done.
    pub fn listen_and(last: impl FnOnce() + Send + 'static) -> std::io::Result<Self> {
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
            tracing::warn!("asked to end");
            // Nobody waits any more when this fails: the program is ending.
            let _ = tell.send(true);
            wait().await;
            last();
            std::process::exit(i32::from(Exit::Failed.code()));
        });
        Ok(Self { asked })
    }

    /// Returns when the program is asked to end.
    pub async fn asked(&self) {
        let mut asked = self.asked.clone();
        if asked.wait_for(|asked| *asked).await.is_err() {
            // The listening task ended, which it does only with the program.
            std::future::pending::<()>().await;
        }
    }

    /// Whether it was.
    pub fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }
}
