//! What a second's sample has, and what the charts show of two of them: rates and quantiles are of what has changed
//! between them, however far apart they are.

use std::time::Duration;

use super::process::Process;
use crate::clock::Timestamp;
use crate::metrics::{
    ActorKind, Answered, DELIVERY_SECONDS, Ended, Kind, Metrics, Of, OutcomeLabel,
    PushServiceLabel, REQUEST_SECONDS, Served, StatusClass, StatusLabel,
};
use crate::model::Outcome;
use crate::store::journal::{COMMIT_SECONDS, JournalSnapshot};
use crate::webpush::service::PushService;

const SERVICES: usize = PushService::ALL.len();
const OUTCOMES: usize = Outcome::ALL.len();
const KINDS: usize = ActorKind::ALL.len();

/// Counters as they stand at one moment, and gauges.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// How long after the daemon's start, on a clock that nobody sets.
    pub elapsed: Duration,
    pub(super) accepts: u64,
    pub(super) http_requests: u64,
    /// By push service and outcome.
    pub(super) deliveries: [[u64; OUTCOMES]; SERVICES],
    pub(super) retries: u64,
    pub(super) pending: i64,
    pub(super) subscriptions: i64,
    pub(super) delivery_seconds: [u64; DELIVERY_SECONDS.len() + 1],
    pub(super) push_request_seconds: [u64; REQUEST_SECONDS.len() + 1],
    pub(super) actors: [i64; KINDS],
    pub(super) mailbox: [i64; KINDS],
    pub(super) process: Process,
    /// The Journal.
    pub journal: JournalSnapshot,
}

impl Sample {
    /// What there is to be read now. It takes as long whatever is going on: no actor is asked.
    pub fn read(
        at: Timestamp,
        elapsed: Duration,
        metrics: &Metrics,
        journal: JournalSnapshot,
        process: Process,
    ) -> Self {
        let by_kind = |read: &dyn Fn(&Kind) -> i64| ActorKind::ALL.map(|kind| read(&Kind { kind }));
        Self {
            at,
            elapsed,
            accepts: metrics.notifications_accepted.get(),
            http_requests: http_requests(metrics),
            deliveries: deliveries(metrics),
            retries: metrics.retries.get(),
            pending: metrics.pending_deliveries.get(),
            subscriptions: metrics.subscriptions.get(),
            delivery_seconds: delivery_seconds(metrics),
            push_request_seconds: push_request_seconds(metrics),
            actors: by_kind(&|of| metrics.actors.get_or_create(of).get()),
            mailbox: by_kind(&|of| metrics.actor_mailbox.get_or_create(of).get()),
            process,
            journal,
        }
    }
}

fn http_requests(metrics: &Metrics) -> u64 {
    let mut counts = [0; 16];
    for status in StatusClass::ALL {
        if let Some(times) = metrics.http_request_seconds.get(&Served { status }) {
            times.add_to(&mut counts);
        }
    }
    counts.iter().sum()
}

fn deliveries(metrics: &Metrics) -> [[u64; OUTCOMES]; SERVICES] {
    PushService::ALL.map(|service| {
        Outcome::ALL.map(|outcome| {
            let ended =
                Ended { push_service: PushServiceLabel(service), outcome: OutcomeLabel(outcome) };
            metrics.deliveries.get(&ended).map_or(0, |count| count.get())
        })
    })
}

fn delivery_seconds(metrics: &Metrics) -> [u64; DELIVERY_SECONDS.len() + 1] {
    let mut counts = [0; DELIVERY_SECONDS.len() + 1];
    for service in PushService::ALL {
        let of = Of { push_service: PushServiceLabel(service) };
        if let Some(times) = metrics.delivery_seconds.get(&of) {
            times.add_to(&mut counts);
        }
    }
    counts
}

fn push_request_seconds(metrics: &Metrics) -> [u64; REQUEST_SECONDS.len() + 1] {
    let mut counts = [0; REQUEST_SECONDS.len() + 1];
    for service in PushService::ALL {
        for status in StatusLabel::all() {
            let answered = Answered { push_service: PushServiceLabel(service), status };
            if let Some(times) = metrics.push_request_seconds.get(&answered) {
                times.add_to(&mut counts);
            }
        }
    }
    counts
}

/// One line of a chart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Series {
    /// What it is of.
    pub name: &'static str,
    /// `per_second`, `seconds`, `bytes`, `share` or `count`.
    pub unit: &'static str,
    /// Which of that name.
    pub label: Option<(&'static str, &'static str)>,
    /// Whether a longer step shows the most that it was, and not what it was last or on the whole: a mailbox that was full
    /// for a second was full.
    pub is_peak: bool,
}

impl Series {
    const fn new(name: &'static str, unit: &'static str) -> Self {
        Self { name, unit, label: None, is_peak: false }
    }

    const fn of(self, label: &'static str, value: &'static str) -> Self {
        Self { label: Some((label, value)), ..self }
    }
}

/// All series in their order.
pub fn series() -> Vec<Series> {
    let nothing = Sample::default();
    let mut all = Vec::new();
    each(&nothing, &nothing, &mut |series, _| all.push(series));
    all
}

/// The value of each series, in their order: of the time between two samples, or of the later one. NaN: there is none.
pub fn values(before: &Sample, after: &Sample) -> Vec<f32> {
    let mut all = Vec::new();
    each(before, after, &mut |_, value| all.push(value));
    all
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "seven digits are more than a chart shows"
)]
fn each(before: &Sample, after: &Sample, tell: &mut dyn FnMut(Series, f32)) {
    let seconds = after.elapsed.saturating_sub(before.elapsed).as_secs_f64();
    let rate = |before: u64, after: u64| match seconds > 0.0 {
        true => (after.saturating_sub(before) as f64 / seconds) as f32,
        false => f32::NAN,
    };
    let or_none = |value: Option<f64>| value.map_or(f32::NAN, |value| value as f32);
    let per_second = |name| Series::new(name, "per_second");

    tell(per_second("accepts_per_second"), rate(before.accepts, after.accepts));
    let requests = |sample: &Sample| sample.push_request_seconds.iter().sum();
    tell(per_second("requests_per_second"), rate(requests(before), requests(after)));
    let http = rate(before.http_requests, after.http_requests);
    tell(per_second("http_requests_per_second"), http);
    for (index, outcome) in Outcome::ALL.into_iter().enumerate() {
        let of = |sample: &Sample| sample.deliveries.iter().map(|service| service[index]).sum();
        let series = per_second("deliveries_per_second").of("outcome", outcome.label());
        tell(series, rate(of(before), of(after)));
    }
    for (index, service) in PushService::ALL.into_iter().enumerate() {
        let of = |sample: &Sample| sample.deliveries[index].iter().sum();
        let series = per_second("deliveries_per_second").of("push_service", service.label());
        tell(series, rate(of(before), of(after)));
    }
    tell(per_second("retries_per_second"), rate(before.retries, after.retries));
    tell(Series::new("pending", "count"), after.pending as f32);
    for (label, share) in [("0.5", 0.5), ("0.99", 0.99)] {
        let (before, after) = (&before.delivery_seconds, &after.delivery_seconds);
        let took = quantile(&DELIVERY_SECONDS, before, after, share);
        tell(Series::new("delivery_seconds", "seconds").of("quantile", label), or_none(took));
    }
    for (label, share) in [("0.5", 0.5), ("0.99", 0.99)] {
        let (before, after) = (&before.push_request_seconds, &after.push_request_seconds);
        let took = quantile(&REQUEST_SECONDS, before, after, share);
        tell(Series::new("push_request_seconds", "seconds").of("quantile", label), or_none(took));
    }
    for (index, kind) in ActorKind::ALL.into_iter().enumerate() {
        let series = Series::new("mailbox", "count").of("kind", kind.label());
        tell(Series { is_peak: true, ..series }, after.mailbox[index] as f32);
    }
    for (index, kind) in ActorKind::ALL.into_iter().enumerate() {
        let series = Series::new("actors", "count").of("kind", kind.label());
        tell(series, after.actors[index] as f32);
    }
    let resident = after.process.resident_bytes.map(|bytes| bytes as f64);
    tell(Series::new("resident_bytes", "bytes"), or_none(resident));
    tell(Series::new("cpu", "share"), or_none(cpu(before, after)));
    let took = commit_seconds(before, after, 0.99);
    tell(Series::new("journal_commit_seconds", "seconds").of("quantile", "0.99"), or_none(took));
    tell(Series::new("subscriptions", "count"), after.subscriptions as f32);
}

/// The share of a core that was used between two samples.
pub fn cpu(before: &Sample, after: &Sample) -> Option<f64> {
    let seconds = after.elapsed.saturating_sub(before.elapsed).as_secs_f64();
    let used = after.process.cpu_seconds? - before.process.cpu_seconds?;
    (seconds > 0.0).then(|| (used / seconds).max(0.0))
}

/// How long commits between two samples took.
pub fn commit_seconds(before: &Sample, after: &Sample, share: f64) -> Option<f64> {
    quantile(&COMMIT_SECONDS, &before.journal.commit_counts, &after.journal.commit_counts, share)
}

/// Where so large a share of what came between two counts lies, as Prometheus's `histogram_quantile` says it: evenly
/// spread within its bucket, and at the last bound when it is above that. `None`: nothing came.
#[expect(clippy::cast_precision_loss, reason = "counts of a day")]
pub fn quantile(bounds: &[f64], before: &[u64], after: &[u64], share: f64) -> Option<f64> {
    let come = || after.iter().zip(before).map(|(after, before)| after.saturating_sub(*before));
    let rank = come().sum::<u64>() as f64 * share;
    if rank <= 0.0 {
        return None;
    }
    let (mut below, mut lower) = (0.0, 0.0);
    for (count, bound) in come().zip(bounds) {
        let count = count as f64;
        if count > 0.0 && below + count >= rank {
            return Some(lower + (bound - lower) * (rank - below) / count);
        }
        below += count;
        lower = *bound;
    }
    bounds.last().copied()
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            at: Timestamp::default(),
            elapsed: Duration::ZERO,
            accepts: 0,
            http_requests: 0,
            deliveries: [[0; OUTCOMES]; SERVICES],
            retries: 0,
            pending: 0,
            subscriptions: 0,
            delivery_seconds: [0; DELIVERY_SECONDS.len() + 1],
            push_request_seconds: [0; REQUEST_SECONDS.len() + 1],
            actors: [0; KINDS],
            mailbox: [0; KINDS],
            process: Process::default(),
            journal: JournalSnapshot::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_where_prometheus_says_it_does() {
        let bounds = [1.0, 2.0, 4.0];
        let none = [0; 4];
        let rows: [([u64; 4], f64, Option<f64>); 7] = [
            ([0, 0, 0, 0], 0.5, None),
            ([10, 0, 0, 0], 0.5, Some(0.5)),
            ([0, 10, 0, 0], 0.5, Some(1.5)),
            ([5, 5, 0, 0], 0.5, Some(1.0)),
            ([0, 0, 100, 0], 0.99, Some(3.98)),
            ([0, 0, 0, 7], 0.5, Some(4.0)),
            ([90, 0, 0, 10], 0.99, Some(4.0)),
        ];
        for (after, share, expected) in rows {
            assert_eq!(quantile(&bounds, &none, &after, share), expected, "{after:?} {share}");
        }
        let (before, after) = ([100, 0, 0, 0], [100, 10, 0, 0]);
        assert_eq!(quantile(&bounds, &before, &after, 0.5), Some(1.5), "what was before is over");
    }

    #[test]
    fn what_is_counted_is_sampled_and_shown_under_its_name() {
        let metrics = Metrics::new();
        let read = |seconds, journal, cpu_seconds| {
            let process = Process { cpu_seconds: Some(cpu_seconds), ..Process::default() };
            Sample::read(
                Timestamp::default(),
                Duration::from_secs(seconds),
                &metrics,
                journal,
                process,
            )
        };
        let before = read(10, JournalSnapshot::default(), 3.0);
        let service = PushServiceLabel(PushService::Mozilla);
        metrics.notifications_accepted.inc_by(8);
        for (outcome, count) in [(Outcome::Accepted, 6), (Outcome::Gone, 2)] {
            let ended = Ended { push_service: service, outcome: OutcomeLabel(outcome) };
            metrics.deliveries.get_or_create(&ended).inc_by(count);
        }
        metrics.delivery_seconds.get_or_create(&Of { push_service: service }).observe(0.3);
        for status in [0, 201, 299, 410] {
            let status = StatusLabel::of(status);
            let answered = Answered { push_service: service, status };
            metrics.push_request_seconds.get_or_create(&answered).observe(0.03);
        }
        metrics.retries.inc_by(2);
        metrics.pending_deliveries.set(5);
        metrics.subscriptions.set(7);
        let served = Served { status: StatusClass::of(202) };
        metrics.http_request_seconds.get_or_create(&served).observe(7.0);
        let kind = Kind { kind: ActorKind::SubscriptionWorker };
        metrics.actors.get_or_create(&kind).set(11);
        metrics.actor_mailbox.get_or_create(&kind).set(12);
        let mut journal = JournalSnapshot::default();
        journal.commit_counts[5] = 4;
        let after = read(12, journal, 4.0);

        let values = values(&before, &after);
        let all = series();
        assert_eq!(values.len(), all.len());
        let value = |name: &str, label: Option<&str>| {
            let is_it = |it: &&Series| it.name == name && it.label.map(|it| it.1) == label;
            let mut found = all.iter().zip(&values).filter(|(it, _)| is_it(it));
            let value = *found.next().unwrap().1;
            assert!(found.next().is_none(), "{name} {label:?} is there twice");
            value
        };
        for (name, label, expected) in [
            ("accepts_per_second", None, 4.0),
            ("requests_per_second", None, 2.0),
            ("http_requests_per_second", None, 0.5),
            ("deliveries_per_second", Some("accepted"), 3.0),
            ("deliveries_per_second", Some("gone"), 1.0),
            ("deliveries_per_second", Some("expired"), 0.0),
            ("deliveries_per_second", Some("mozilla"), 4.0),
            ("deliveries_per_second", Some("fcm"), 0.0),
            ("retries_per_second", None, 1.0),
            ("pending", None, 5.0),
            ("subscriptions", None, 7.0),
            ("delivery_seconds", Some("0.5"), 0.35),
            ("push_request_seconds", Some("0.5"), 0.035),
            ("actors", Some("SubscriptionWorker"), 11.0),
            ("actors", Some("Root"), 0.0),
            ("mailbox", Some("SubscriptionWorker"), 12.0),
            ("cpu", None, 0.5),
            ("journal_commit_seconds", Some("0.99"), 0.002_99),
        ] {
            let found = value(name, label);
            assert!((found - expected).abs() < 1e-6, "{name} {label:?}: {found}, not {expected}");
        }
        assert!(value("resident_bytes", None).is_nan(), "this system does not say");
    }
}
