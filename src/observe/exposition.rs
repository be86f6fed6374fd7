//! What `/metrics` shows beside the counters: what the Journal, the store's files and the process say when it is read.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

use super::Observer;
use super::process::{self, Process};
use crate::metrics::histogram;
use crate::store::Store;
use crate::store::journal::{BATCH_ROWS, COMMIT_SECONDS, JournalSnapshot};

/// What stands beside the counters of a daemon.
pub fn collectors(store: Arc<dyn Store>, observer: Arc<Observer>) -> Vec<Box<dyn Collector>> {
    vec![Box::new(OfStore { store, observer }), Box::new(OfProcess)]
}

struct OfStore {
    store: Arc<dyn Store>,
    observer: Arc<Observer>,
}

impl fmt::Debug for OfStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfStore").finish_non_exhaustive()
    }
}

impl Collector for OfStore {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let journal = self.store.journal();
        let mut show = Show(&mut encoder);
        show.journal(&journal)?;
        show.gauge(
            "fanfare_store_writable",
            "Whether commits succeed: 1, or 0",
            u64::from(journal.writable),
        )?;
        let Some(size) = self.observer.figures.size() else { return Ok(()) };
        let bytes = [
            ("fanfare_store_database", "The database's file", Some(size.database_bytes)),
            ("fanfare_store_wal", "The write-ahead log", Some(size.wal_bytes)),
            ("fanfare_store_free", "What is free on the store's disk", size.free_bytes),
            ("fanfare_store_disk", "The size of the store's disk", size.disk_bytes),
        ];
        bytes.into_iter().try_for_each(|(name, help, bytes)| show.bytes(name, help, bytes))
    }
}

#[derive(Debug)]
struct OfProcess;

impl Collector for OfProcess {
    /// The names are those that every Prometheus client has, so without our prefix.
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let process = Process::now();
        let mut show = Show(&mut encoder);
        if let Some(seconds) = process.cpu_seconds {
            show.cpu(seconds)?;
        }
        if let Some(seconds) = process.start_seconds {
            show.start_time(seconds)?;
        }
        show.bytes("process_resident_memory", "Memory that is in RAM", process.resident_bytes)?;
        show.bytes("process_virtual_memory", "Addresses that are in use", process.virtual_bytes)?;
        for (name, help, count) in [
            ("process_threads", "Threads", process.threads),
            ("process_open_fds", "Open files", process::open_files()),
            ("process_max_fds", "Files that may be open", process::most_files()),
        ] {
            if let Some(count) = count {
                show.gauge(name, help, count)?;
            }
        }
        Ok(())
    }
}

/// Writes single values.
struct Show<'a, 'b>(&'a mut DescriptorEncoder<'b>);

impl Show<'_, '_> {
    fn gauge(&mut self, name: &str, help: &str, value: u64) -> Result<(), fmt::Error> {
        let encoder = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(value).encode(encoder)
    }

    /// `name` is without its unit. `None`: it is not known, and not shown.
    fn bytes(&mut self, name: &str, help: &str, bytes: Option<u64>) -> Result<(), fmt::Error> {
        let Some(bytes) = bytes else { return Ok(()) };
        let unit = Unit::Bytes;
        let encoder = self.0.encode_descriptor(name, help, Some(&unit), MetricType::Gauge)?;
        ConstGauge::new(bytes).encode(encoder)
    }

    fn cpu(&mut self, seconds: f64) -> Result<(), fmt::Error> {
        let (help, unit) = ("Processor time", Unit::Seconds);
        let kind = MetricType::Counter;
        let encoder = self.0.encode_descriptor("process_cpu", help, Some(&unit), kind)?;
        ConstCounter::new(seconds).encode(encoder)
    }

    fn start_time(&mut self, seconds: f64) -> Result<(), fmt::Error> {
        let (help, unit) = ("When it started, since the Unix epoch", Unit::Seconds);
        let kind = MetricType::Gauge;
        let encoder = self.0.encode_descriptor("process_start_time", help, Some(&unit), kind)?;
        ConstGauge::new(seconds).encode(encoder)
    }

    fn journal(&mut self, journal: &JournalSnapshot) -> Result<(), fmt::Error> {
        let (help, kind) = ("Commands in a transaction", MetricType::Histogram);
        let encoder = self.0.encode_descriptor("fanfare_journal_batch_rows", help, None, kind)?;
        #[expect(clippy::cast_precision_loss, reason = "2^53 commands are enough")]
        let rows = journal.commands as f64;
        histogram::encode(encoder, &BATCH_ROWS, &journal.batch_counts, rows)?;

        let (help, unit) = ("Time that a commit took", Unit::Seconds);
        let name = "fanfare_journal_commit";
        let encoder = self.0.encode_descriptor(name, help, Some(&unit), kind)?;
        #[expect(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
        let seconds = journal.commit_micros as f64 / 1e6;
        histogram::encode(encoder, &COMMIT_SECONDS, &journal.commit_counts, seconds)?;

        let (name, help) = ("fanfare_journal_failed_commits", "Commits that failed");
        let encoder = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        ConstCounter::new(journal.failed_commits).encode(encoder)?;

        let waiting =
            journal.waiting_changes + journal.waiting_settlements + journal.waiting_reports;
        self.gauge("fanfare_journal_waiting", "Commands that wait for their turn", waiting as u64)
    }
}
