//! What a push service remembers, shared between its thread and the test's.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, Semaphore};

use super::persona::Role;
use super::script::{Answer, Recorded, Script};

/// How much is remembered of each request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Everything.
    #[default]
    Requests,
    /// How often each token was asked: for benchmarks, where remembering would cost more than answering.
    Counts,
}

pub(crate) struct State {
    pub(crate) keep: Keep,
    /// Whom it plays, if anyone.
    pub(crate) role: Option<Role>,
    pub(crate) script: Script,
    /// [`Answer::Hold`] waits for a permit of it.
    pub(crate) gate: Semaphore,
    /// Told of every change.
    pub(crate) changed: Notify,
    pub(crate) streams: Peak,
    pub(crate) streams_of_one: AtomicUsize,
    pub(crate) connections: Peak,
    pub(crate) connections_ever: AtomicUsize,
    /// Bytes of endless bodies that the other side has taken.
    pub(crate) endless: AtomicUsize,
    requests: AtomicU64,
    log: Mutex<Vec<Arc<Recorded>>>,
    counts: Mutex<HashMap<String, u64>>,
}

impl State {
    pub(crate) fn new(keep: Keep, role: Option<Role>) -> Self {
        Self {
            keep,
            role,
            script: Script::default(),
            gate: Semaphore::new(0),
            changed: Notify::new(),
            streams: Peak::default(),
            streams_of_one: AtomicUsize::new(0),
            connections: Peak::default(),
            connections_ever: AtomicUsize::new(0),
            endless: AtomicUsize::new(0),
            requests: AtomicU64::new(0),
            log: Mutex::default(),
            counts: Mutex::default(),
        }
    }

    /// Counts a request and forgets it.
    pub(crate) fn count(&self, path: &str) {
        let token = path.strip_prefix(self.prefix()).unwrap_or_default();
        let mut counts = self.counts.lock().unwrap();
        match counts.get_mut(token) {
            Some(count) => *count += 1,
            None => {
                counts.insert(token.to_owned(), 1);
            }
        }
        self.requests.fetch_add(1, Ordering::Release);
    }

    /// All endpoints are `https://host:port<prefix><token>`.
    pub(crate) fn prefix(&self) -> &'static str {
        self.role.as_ref().map_or("/push/", |role| role.persona().prefix())
    }

    /// Remembers a request and says what to answer.
    pub(crate) fn record(&self, request: Recorded) -> Answer {
        let request = {
            let mut log = self.log.lock().unwrap();
            let request = Arc::new(Recorded { index: log.len(), ..request });
            log.push(request.clone());
            request
        };
        self.requests.fetch_add(1, Ordering::Release);
        self.changed.notify_waiters();
        let refusal = self.role.as_ref().and_then(|role| role.refuses(&request));
        refusal.unwrap_or_else(|| self.script.answer(&request))
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Acquire)
    }

    pub(crate) fn log(&self) -> Vec<Arc<Recorded>> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn counts(&self) -> HashMap<String, u64> {
        self.counts.lock().unwrap().clone()
    }
}

/// How many there are, and how many there were at most.
#[derive(Default)]
pub(crate) struct Peak {
    now: AtomicUsize,
    peak: AtomicUsize,
}

impl Peak {
    pub(crate) fn enter(&self) -> Entered<'_> {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak.fetch_max(now, Ordering::Relaxed);
        Entered(self)
    }

    pub(crate) fn now(&self) -> usize {
        self.now.load(Ordering::Relaxed)
    }

    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }
}

/// Leaves when dropped.
pub(crate) struct Entered<'a>(&'a Peak);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}
