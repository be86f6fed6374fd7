//! What does an endpoint that means harm cost the others? For each kind of harm two daemons in turn, alike but for the
//! hostile endpoints that one of them has: what others do on the machine hits both, so it is their ratio that tells. Then
//! names that turn to a forbidden address between two looks: how often a connection got there.
//!
//! ```text
//! cargo bench --bench hostile [-- [N] [words of the kinds' names]]              N hostile endpoints, by default 100
//! ```

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails where it stands")]

mod dead;
mod hostile;
mod load;
mod rebind;
mod report;

#[path = "../common/client.rs"]
#[expect(dead_code, reason = "the other benchmark asks for more")]
mod client;
#[path = "../common/daemon.rs"]
#[expect(dead_code, reason = "the other benchmark asks for more")]
mod daemon;
#[path = "../common/subscriber.rs"]
#[expect(dead_code, reason = "the other benchmark encrypts too")]
mod subscriber;

#[path = "../../tests/it/harness/browser.rs"]
#[expect(dead_code, reason = "the tests' browser reads, the benchmark's only subscribes")]
mod browser;
#[path = "../../tests/it/harness/push_service.rs"]
#[expect(dead_code, reason = "the tests' push service can do more")]
mod push_service;

use std::io::{self, Write};

use hostile::Kind;
use load::{House, Size};
use report::Row;

/// A short message in its declarative wrapping is as long.
const PAYLOAD: &[u8] = &[b'x'; 400];

fn main() -> io::Result<()> {
    // Cargo says `--bench`, unless it only tests whether this runs: then a little is enough.
    let (options, words): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let measured = options.iter().any(|option| option == "--bench");
    let size = if measured { Size::MEASURED } else { Size::TRIED };
    let (numbers, words): (Vec<_>, Vec<_>) =
        words.into_iter().partition(|word| word.parse::<usize>().is_ok());
    let hostile = numbers.first().and_then(|number| number.parse().ok()).unwrap_or(size.hostile);
    let size = Size { hostile, ..size };
    let wanted = |kind: &&Kind| {
        words.is_empty() || words.iter().any(|word| kind.name().contains(word.as_str()))
    };
    let kinds: Vec<_> = hostile::KINDS.iter().filter(wanted).collect();
    let kinds = if measured { &kinds[..] } else { &kinds[..kinds.len().min(2)] };

    let mut out = io::stdout();
    writeln!(out, "{}", report::Head { size })?;
    for kind in kinds {
        writeln!(out, "{}", compare(kind, size))?;
        out.flush()?;
    }
    writeln!(out, "\n{}", rebind::run(size.rebinding))
}

/// A house with hostile endpoints against one without, round by round.
fn compare(kind: &Kind, size: Size) -> Row {
    let (clean, beset) = (House::start(size, None), House::start(size, Some(kind)));
    let mut row = Row::of(kind);
    for _ in 0..size.rounds {
        row.waits.push((clean.notify_few(), beset.notify_few()));
    }
    for _ in 0..size.bursts {
        row.rates.push((clean.rate_of_many(), beset.rate_of_many()));
    }
    row.seen = beset.seen();
    row
}
