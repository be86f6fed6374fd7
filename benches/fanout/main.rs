//! How fast is a fan-out? The daemon in one process, the push service in another (this same binary), one channel, one
//! notification after the other; and in turn with them a bare loop over the same subscriptions: the same encryption and
//! the same HTTP/2 client, without actors or store. What others do on the machine hits both alike, so it is their ratio
//! that tells.
//!
//! ```text
//! cargo bench --bench fanout [-- subscriptions [rounds]]                                          20000 and 3
//! cargo bench --bench fanout -- bare [subscriptions] [threads] [in flight per thread]       the bare loop alone
//! ```

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails where it stands")]

mod bare;
mod report;

#[path = "../common/client.rs"]
mod client;
#[path = "../common/daemon.rs"]
mod daemon;
#[path = "../common/machine.rs"]
mod machine;
#[path = "../common/notify.rs"]
mod notify;
#[path = "../common/recorder.rs"]
mod recorder;
#[path = "../common/subscriber.rs"]
mod subscriber;

#[path = "../../tests/it/harness/browser.rs"]
#[expect(dead_code, reason = "the tests' browser reads, the benchmark's only subscribes")]
mod browser;
#[path = "../../tests/it/harness/push_service.rs"]
#[expect(dead_code, reason = "the tests' push service can do more than count")]
mod push_service;

use std::io::{self, Write};

use bare::BareLoop;
use daemon::Daemon;
use machine::Gauge;
use recorder::{Recorder, Seen};
use report::{Report, Round};
use subscriber::Subscriber;

/// A short message in its declarative wrapping is as long.
const PAYLOAD: &[u8] = &[b'x'; 400];

/// So many requests are out at once on each thread of the bare loop: three connections' streams.
const IN_FLIGHT: usize = 256;

fn main() -> io::Result<()> {
    // Cargo says `--bench`, unless it only tests whether this runs: then a little is enough.
    let (options, arguments): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let (subscriptions, rounds) =
        if options.iter().any(|option| option == "--bench") { (20_000, 3) } else { (200, 1) };
    let number = |place: usize, default| {
        arguments.get(place).map_or(default, |number| number.parse().expect("a number"))
    };
    match arguments.first().map(String::as_str) {
        Some(recorder::MODE) => recorder::serve(),
        Some("bare") => bare(number(1, subscriptions), number(2, cores()), number(3, IN_FLIGHT)),
        Some(_) | None => fanout(number(0, subscriptions), number(1, rounds)),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn fanout(count: usize, rounds: usize) -> io::Result<()> {
    let mut recorder = Recorder::spawn();
    let subscribers = Subscriber::make(count, |number| recorder.endpoint(number));
    let bare_loop = BareLoop::new(&recorder, &subscribers, cores(), IN_FLIGHT);
    let daemon = Daemon::spawn(&[recorder.authority()], recorder.ca_file(), cores(), &[]);
    daemon.subscribe(notify::FULL, subscribers.iter());

    let mut report = Report::new(count, cores(), bare::encryption_micros(&subscribers));
    machine::forget_peak(&daemon.process());
    report.memory("at rest", daemon.memory());
    for round in 0..rounds {
        report.bare(bare_round(&bare_loop, &recorder));
        report.daemon(daemon_round(&daemon, &mut recorder, count));
        if round == 0 {
            report.memory("after the first", daemon.memory());
        }
    }
    report.busy_accepts(daemon.accepts_while_busy(count));

    let times = 2 * rounds as u64 + 1;
    let (requests, endpoints) = (times * count as u64, count as u64);
    let once_each = Seen { requests, endpoints, least: times, most: times };
    assert_eq!(recorder.seen(), once_each, "every subscription gets every notification once");
    writeln!(io::stdout(), "{report}")
}

fn bare(count: usize, threads: usize, in_flight: usize) -> io::Result<()> {
    let recorder = Recorder::spawn();
    let subscribers = Subscriber::make(count, |number| recorder.endpoint(number));
    let bare_loop = BareLoop::new(&recorder, &subscribers, threads, in_flight);
    let mut report = Report::new(count, threads, bare::encryption_micros(&subscribers));
    report.bare(bare_round(&bare_loop, &recorder));
    writeln!(io::stdout(), "{report}")
}

fn bare_round(bare_loop: &BareLoop, recorder: &Recorder) -> Round {
    let before = Gauge::read("self", recorder);
    let took = bare_loop.run();
    let spent = Gauge::read("self", recorder).since(before);
    Round { took, spent, ends: None }
}

fn daemon_round(daemon: &Daemon, recorder: &mut Recorder, count: usize) -> Round {
    let before = Gauge::read(&daemon.process(), recorder);
    let fanned_out = daemon.notify_all(recorder, count);
    let spent = Gauge::read(&daemon.process(), recorder).since(before);
    let ends = Some((fanned_out.accepted, fanned_out.settled));
    Round { took: fanned_out.delivered, spent, ends }
}
