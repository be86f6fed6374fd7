//! The threads that actors run on, and the few actors that have one to themselves.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use actix::{Actor, Arbiter as Thread, ArbiterHandle, Context, MailboxError, Supervised};
use tokio::runtime::{Handle, RuntimeMetrics};
use tokio::sync::{oneshot, watch};

use super::observe::vital::Vital;
use super::postbox::Postbox;
use super::supervision::budget::RestartPolicy;
use super::supervision::child::{Child, Exit};

/// The threads that actors run on, until they are stopped.
#[derive(Clone, Default)]
pub(super) struct Threads(Arc<Mutex<Vec<Named>>>);

struct Named {
    name: String,
    thread: Thread,
    /// What the thread's own runtime counts of it; empty until it has begun.
    runtime: Arc<OnceLock<RuntimeMetrics>>,
}

impl Threads {
    /// Starts one.
    pub(super) fn start(&self, name: &str) -> ArbiterHandle {
        let (name, thread) = (name.to_owned(), Thread::new());
        let (handle, runtime) = (thread.handle(), Arc::new(OnceLock::new()));
        let of_thread = Arc::clone(&runtime);
        handle.spawn_fn(move || _ = of_thread.set(Handle::current().metrics()));
        self.all().push(Named { name, thread, runtime });
        handle
    }

    /// How long each of them has been busy since its start.
    pub(super) fn busy(&self) -> Vec<(String, Duration)> {
        let busy = |named: &Named| {
            let runtime = named.runtime.get();
            // Each has a runtime of its own, whose one worker it is.
            runtime.map_or(Duration::ZERO, |runtime| runtime.worker_total_busy_duration(0))
        };
        self.all().iter().map(|named| (named.name.clone(), busy(named))).collect()
    }

    fn all(&self) -> MutexGuard<'_, Vec<Named>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops them all and waits until they have ended, with everything that lived on them.
    pub(super) fn stop(&self) {
        let threads = std::mem::take(&mut *self.all());
        for Named { thread, .. } in &threads {
            thread.stop();
        }
        for Named { thread, .. } in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the tree panicked");
            }
        }
    }
}

/// Runs an actor under supervision on a thread of its own. These are few, and all depend on them: one that is
/// given up ends the process.
pub(super) async fn supervise<A>(
    thread: &ArbiterHandle,
    vital: Arc<Vital>,
    failed: watch::Sender<bool>,
    make: impl FnOnce(Arc<Vital>) -> A + Send + 'static,
) -> Result<Postbox<A>, MailboxError>
where
    A: Actor<Context = Context<A>> + Supervised + Unpin,
{
    let (reply, addr) = oneshot::channel();
    let own = Arc::clone(&vital);
    thread.spawn_fn(move || {
        let (addr, child) =
            Child::new(RestartPolicy::default(), Arc::clone(&own), |_| make(Arc::clone(&own)));
        // The receiver waits a few lines below.
        let _ = reply.send(addr);
        actix::spawn(async move {
            if let Exit::GivenUp(_) = child.await {
                // All depend on it.
                failed.send_replace(true);
            }
        });
    });
    let addr = addr.await.map_err(|_| MailboxError::Closed)?;
    Ok(Postbox::new(addr, vital))
}
