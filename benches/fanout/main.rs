//! How fast is a fan-out? The push service is a process of its own (this same binary), so that its share of the machine
//! can be told from ours.
//!
//! ```text
//! cargo bench --bench fanout -- bare [subscriptions] [threads] [in flight per thread]
//! ```

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails where it stands")]

mod bare;
mod recorder;

#[path = "../../tests/it/harness/browser.rs"]
#[expect(dead_code, reason = "the tests' browser reads, the benchmark's only subscribes")]
mod browser;
#[path = "../../tests/it/harness/push_service.rs"]
#[expect(dead_code, reason = "the tests' push service can do more than count")]
mod push_service;

use std::io::{self, Write};

fn main() -> io::Result<()> {
    // Cargo puts `--bench` among the arguments.
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let mode = arguments.next();
    let numbers: Vec<usize> = arguments.map(|number| number.parse().unwrap()).collect();
    let number = |place: usize, default| numbers.get(place).copied().unwrap_or(default);
    let report = match mode.as_deref() {
        Some(recorder::MODE) => return recorder::serve(),
        Some("bare") => bare::run(number(0, 50_000), number(1, 2), number(2, 256)),
        // `cargo test --benches` and a bare `cargo bench` should not take minutes.
        Some(_) | None => bare::run(2_000, 2, 256),
    };
    writeln!(io::stdout(), "{report}")
}
