//! Any sequence of events of one outbox, against a store that is a few lists: what it sends, in which order, and that it
//! forgets nothing.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

mod shelf;

use shelf::Shelf;

/// What happens. Numbers choose among what there is, modulo how many there are.
#[derive(Clone, Debug)]
enum Happens {
    /// A channel's log grows.
    Published {
        channel: usize,
        count: usize,
        exclude: bool,
        hours: u64,
    },
    /// A channel reads its log after `skip` numbers, at most `count` of them, and the subscription's cursor.
    Read {
        channel: usize,
        skip: usize,
        count: usize,
    },
    /// What was read arrives; `keep`: and will arrive again.
    HandedOut {
        which: usize,
        keep: bool,
    },
    /// What is under way goes on a step.
    Step {
        ends: Ends,
    },
    /// One that is open is closed.
    Closed {
        which: usize,
    },
    /// The subscription leaves a channel, or comes into it; it is told of that.
    Moved {
        channel: usize,
    },
    /// A channel pauses, or goes on: then it is handed out from its start.
    Paused {
        channel: usize,
    },
    /// It gets other keys; it is told of that.
    Renewed,
    /// A timer fires, whoever it was for.
    Due,
    /// Something has changed, or not.
    Changed,
    Time {
        seconds: u64,
    },
    /// The worker panicked.
    Restarted,
    /// The process was killed.
    Killed,
}

#[derive(Clone, Copy, Debug)]
enum Ends {
    As(Outcome),
    Again { wait: u64 },
    Held { wait: u64 },
    Skipped,
}

fn happens() -> impl Strategy<Value = Happens> {
    let any = || 0..16_usize;
    let count = prop_oneof![6 => 1..4_usize, 1 => 30..100_usize];
    let ends = prop_oneof![
        6 => Just(Ends::As(Outcome::Accepted)),
        1 => Just(Ends::As(Outcome::Rejected)),
        1 => Just(Ends::As(Outcome::Expired)),
        2 => (1..40_u64).prop_map(|wait| Ends::Again { wait }),
        1 => (1..3_u64).prop_map(|wait| Ends::Held { wait }),
        1 => Just(Ends::Skipped),
    ];
    prop_oneof![
        4 => (any(), count, prop::bool::weighted(0.1), prop::sample::select(vec![0, 1, 9_u64]))
            .prop_map(|(channel, count, exclude, hours)| {
                Happens::Published { channel, count, exclude, hours }
            }),
        6 => (any(), 0..6_usize, prop_oneof![3 => 1..5_usize, 1 => Just(90)])
            .prop_map(|(channel, skip, count)| Happens::Read { channel, skip, count }),
        7 => (any(), prop::bool::weighted(0.2))
            .prop_map(|(which, keep)| Happens::HandedOut { which, keep }),
        20 => ends.prop_map(|ends| Happens::Step { ends }),
        2 => any().prop_map(|which| Happens::Closed { which }),
        1 => any().prop_map(|channel| Happens::Moved { channel }),
        2 => any().prop_map(|channel| Happens::Paused { channel }),
        1 => Just(Happens::Renewed),
        2 => Just(Happens::Due),
        1 => Just(Happens::Changed),
        3 => (1..50_u64).prop_map(|seconds| Happens::Time { seconds }),
        1 => Just(Happens::Time { seconds: 4000 }),
        1 => Just(Happens::Restarted),
        1 => Just(Happens::Killed),
    ]
}

/// Quick as they are, so many take a second or two.
const CASES: u32 = 2048;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.max(CASES),
        failure_persistence: None,
        max_shrink_iters: 100_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_one_goes_after_the_other_in_order_and_nothing_is_forgotten(
        all in prop::collection::vec(happens(), 1..150)
    ) {
        let mut shelf = Shelf::new();
        for one in all {
            shelf.happen(one);
        }
        shelf.come_to_rest();
    }
}
