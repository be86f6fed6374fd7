//! The run's clock, and the logs that go by it: a line of JSON for each thing that happened.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::Value;

/// Nanoseconds since the run began, and no two alike: what happened first has the smaller number in every log.
pub(crate) struct Clock {
    began: Instant,
    last: AtomicU64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now(), last: AtomicU64::new(0) }
    }

    pub(crate) fn now(&self) -> u64 {
        let now = u64::try_from(self.began.elapsed().as_nanos()).expect("a run ends before 2600");
        let last = self.last.fetch_max(now, Ordering::SeqCst);
        if last < now { now } else { self.last.fetch_add(1, Ordering::SeqCst) + 1 }
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }
}

/// A file of lines.
pub(crate) struct Log(Mutex<BufWriter<File>>);

impl Log {
    pub(crate) fn create(file: &Path) -> Self {
        Self(Mutex::new(BufWriter::new(File::create(file).unwrap())))
    }

    pub(crate) fn line(&self, line: &Value) {
        writeln!(self.0.lock().unwrap(), "{line}").unwrap();
    }

    pub(crate) fn flush(&self) {
        self.0.lock().unwrap().flush().unwrap();
    }
}
