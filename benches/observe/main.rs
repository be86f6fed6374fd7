//! What does it cost to watch? The daemon in one process with as many live actors as there are subscriptions, the push
//! service in another (this same binary): how long each page takes, what sampling costs with nobody watching, what a
//! dashboard costs that has all its pages open at once, and how much memory an actor takes.
//!
//! ```text
//! cargo bench --bench observe [-- actors [seconds]]                                          100000 and 20
//! ```

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails where it stands")]

mod report;
mod watching;

#[path = "../common/client.rs"]
mod client;
#[path = "../common/daemon.rs"]
mod daemon;
#[path = "../common/machine.rs"]
#[expect(dead_code, reason = "what others take is not looked at here")]
mod machine;
#[path = "../common/notify.rs"]
#[expect(dead_code, reason = "the fan-out is timed elsewhere")]
mod notify;
#[path = "../common/recorder.rs"]
#[expect(dead_code, reason = "who was asked how often is not looked at here")]
mod recorder;
#[path = "../common/subscriber.rs"]
#[expect(dead_code, reason = "the bare loop, which needs more of it, is not run here")]
mod subscriber;

#[path = "../../tests/it/harness/browser.rs"]
#[expect(dead_code, reason = "the tests' browser reads, the benchmark's only subscribes")]
mod browser;
#[path = "../../tests/it/harness/push_service.rs"]
#[expect(dead_code, reason = "the tests' push service can do more than count")]
mod push_service;

use std::io::{self, Write};
use std::time::Duration;

use daemon::Daemon;
use machine::Gauge;
use recorder::Recorder;
use report::{Report, Spell};
use subscriber::Subscriber;

/// A short message in its declarative wrapping is as long.
const PAYLOAD: &[u8] = &[b'x'; 400];

/// Live workers that one arbiter keeps: `--workers` is chosen so that all stay alive.
const WORKERS_OF_AN_ARBITER: usize = 20_000;

/// So often is each page asked for.
const TIMES: usize = 30;

/// The pages, as a dashboard asks for them.
const PAGES: [(&str, &str); 9] = [
    ("tree", "/v1/observe/tree"),
    (
        "tree, all unfolded",
        "/v1/observe/tree?expand=channels,subscriptions.0,subscriptions.1&limit=200",
    ),
    ("actors, first page", "/v1/observe/actors?limit=50"),
    ("actors, busiest", "/v1/observe/actors?limit=50&sort=busy&order=desc&window=1m"),
    ("actors, by name", "/v1/observe/actors?limit=50&sort=name&order=asc"),
    ("actors, searched", "/v1/observe/actors?limit=50&q=sub_7"),
    ("actors, far down", "/v1/observe/actors?limit=50&offset=10000"),
    ("system", "/v1/observe/system"),
    ("charts, an hour", "/v1/observe/charts?span=1h"),
];

/// What a dashboard with every page open follows.
const WATCHED: [&str; 7] = [
    "/v1/observe/tree",
    "/v1/observe/actors?limit=50&sort=busy&order=desc",
    "/v1/observe/push-services",
    "/v1/observe/system",
    "/v1/observe/charts?span=10m",
    "/v1/observe/log",
    "/v1/observe/warnings",
];

fn main() -> io::Result<()> {
    // Cargo says `--bench`, unless it only tests whether this runs: then a little is enough.
    let (options, arguments): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let (actors, seconds) =
        if options.iter().any(|option| option == "--bench") { (100_000, 20) } else { (200, 1) };
    let number = |place: usize, default| {
        arguments.get(place).map_or(default, |number| number.parse().expect("a number"))
    };
    match arguments.first().map(String::as_str) {
        Some(recorder::MODE) => recorder::serve(),
        Some(_) | None => observe(number(0, actors), number(1, seconds)),
    }
}

fn observe(actors: usize, seconds: usize) -> io::Result<()> {
    let mut recorder = Recorder::spawn();
    let subscribers = Subscriber::make(actors, |number| recorder.endpoint(number));
    // One more than would do, because ids do not fall evenly.
    let workers = actors / WORKERS_OF_AN_ARBITER + 2;
    let more = ["--delivery-idle", "1h"];
    let daemon = Daemon::spawn(&[recorder.authority()], recorder.ca_file(), workers, &more);
    daemon.subscribe(notify::FULL, subscribers.iter());
    let mut report = Report::new(actors, workers);
    let spell = Duration::from_secs(seconds as u64);

    report.memory("no actor", daemon.memory());
    report.spell("no actor, nobody watches", idle(&daemon, &recorder, spell));
    daemon.notify_all(&mut recorder, actors);
    let alive = daemon.block_on(watching::alive(&daemon));
    assert!(alive >= actors as u64, "{alive} of {actors} actors are alive");
    report.memory("all actors", daemon.memory());
    report.spell("all actors, nobody watches", idle(&daemon, &recorder, spell));
    for (name, path) in PAGES {
        report.page(name, daemon.block_on(watching::times(&daemon, path, TIMES)));
    }
    let before = Gauge::read(&daemon.process(), &recorder);
    let snapshots = daemon.block_on(watching::watch(&daemon, &WATCHED, spell));
    let spent = Gauge::read(&daemon.process(), &recorder).since(before);
    report.spell("all actors, every page watched", Spell { took: spell, ours: spent.ours });
    report.snapshots(WATCHED.len(), snapshots, spell);
    report.memory("after all that", daemon.memory());
    writeln!(io::stdout(), "{report}")
}

fn idle(daemon: &Daemon, recorder: &Recorder, spell: Duration) -> Spell {
    let before = Gauge::read(&daemon.process(), recorder);
    daemon.block_on(async { tokio::time::sleep(spell).await });
    Spell { took: spell, ours: Gauge::read(&daemon.process(), recorder).since(before).ours }
}
