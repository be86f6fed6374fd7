//! Anything in any order, with crashes at any point: the real store and real outboxes keep the promises, as a reference
//! that knows nothing of them says.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};

mod asked;
mod found;
mod reference;
mod tree;
mod world;

use asked::Op;
use world::{Figures, World, template};

/// Cases, when `PROPTEST_CASES` does not say how many.
const CASES: u32 = 64;

/// What must have happened in a run, or it proves little. Each of these happens a dozen times and more in so many cases.
const COVERED: &[&str] = &[
    "answer Accepted",
    "answer Gone",
    "answer Held",
    "answer Impossible",
    "answer Later",
    "answer NobodyListens",
    "answer RefusedAlone",
    "answer Rejected",
    "answer TooLarge",
    "answer Unanswered",
    "answer Unauthorized",
    "burst",
    "cancel",
    "crash",
    "delete channel",
    "end idle",
    "forget",
    "hand-out",
    "join",
    "leave",
    "mail",
    "outcome accepted",
    "outcome cancelled",
    "outcome expired",
    "outcome gone",
    "outcome rejected",
    "outcome superseded",
    "outcome too_large",
    "outcome unsubscribed",
    "panic",
    "pause",
    "paused",
    "publish",
    "replace",
    "resend to nobody",
    "resend",
    "resume",
    "return",
    "schedule",
    "settled retry",
    "stop waiting",
    "together",
    "upkeep",
    "wait",
    "with results",
    "woken",
];

fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { CASES };
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 2000, ..default }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// All that happens to one world, and its end.
fn live(template: &[u8], ops: Vec<Op>) -> Figures {
    runtime().block_on(async {
        let mut world = World::new(template);
        for op in ops {
            world.perform(op).await;
        }
        world.come_to_rest().await;
        world.figures
    })
}

#[test]
fn whatever_happens_in_whatever_order_the_promises_are_kept() {
    let template = runtime().block_on(template());
    let figures = RefCell::new(Figures::from([("case".to_owned(), 0)]));
    let end = TestRunner::new(config()).run(&asked::ops(), |ops| {
        let mut all = figures.borrow_mut();
        *all.entry("case".to_owned()).or_default() += 1;
        for (what, count) in live(&template, ops) {
            *all.entry(what).or_default() += count;
        }
        Ok(())
    });
    match end {
        Ok(()) => {}
        Err(TestError::Fail(reason, ops)) => {
            let ops: Vec<_> = ops.iter().map(|op| format!("  {op:?}")).collect();
            panic!("{reason}\nafter\n{}", ops.join("\n"));
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    let figures = figures.into_inner();
    println!("{figures:?}");
    for what in COVERED {
        assert!(figures.contains_key(*what), "{what} never happened: {figures:?}");
    }
}
