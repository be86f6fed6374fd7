//! What every worker of one delivery arbiter works with.

use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::watch;

use super::drain::Drain;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::push::Push;
use crate::store::Store;
use crate::tree::Patience;
use crate::tree::gates::Gates;
use crate::tree::observe::kin::Kin;
use crate::tree::pauses::PausedChannels;
use crate::tree::sabotage::Sabotage;
use crate::tree::supervision::budget::RestartPolicy;
use crate::webpush::vapid::VapidSigner;

/// Shared by the workers of one arbiter; what is in an `Arc` is shared by all arbiters.
#[derive(Clone)]
pub struct Tools {
    /// Which arbiter.
    pub arbiter: u64,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The way out.
    pub push: Rc<dyn Push>,
    /// What all requests to one push service pass.
    pub gates: Arc<Gates>,
    /// Signs requests, once per key and origin.
    pub signer: Arc<VapidSigner>,
    /// When to try again, and how long a worker waits itself; a longer wait is parked in the store.
    pub patience: watch::Receiver<Patience>,
    /// What time it is.
    pub clock: Clock,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// What all workers have in common.
    pub workers: Arc<Kin>,
    /// Whether commits succeed: no request starts whose result could not be recorded.
    pub writable: watch::Receiver<bool>,
    /// Whether requests may start.
    pub drain: Drain,
    /// Channels of which nothing may be sent.
    pub paused: PausedChannels,
    /// How often a worker may be restarted.
    pub restarts: RestartPolicy,
    /// Panics that tests ask for.
    pub sabotage: Sabotage,
}
