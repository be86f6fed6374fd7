//! What may happen, and strategies that have it happen in any order.

use std::time::Duration;

use proptest::prelude::*;

/// The channels that there may be.
pub(super) const CHANNELS: [&str; 3] = ["news", "team:7", "blog/articles"];

/// What happens. Numbers choose among what there is, modulo how many there are.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// A change of the store, on its own.
    Change(Change),
    /// Changes in one transaction.
    Together(Vec<Change>),
    /// A change and every result in hand in one transaction.
    WithResults(Change),
    /// Something is sent again to those to whom it could not be delivered.
    Resend { which: usize },
    /// What is on its way to workers arrives, and timers that are due fire.
    Mail,
    /// A channel's worker goes some steps of its sweep: reads the log, reads a page, hands it out, reads the next.
    Sweep { channel: usize, steps: usize },
    /// A subscription's worker goes some steps: asks, hears, sends, judges, settles. Its push service says `answer`.
    /// What is on its way to it has mostly arrived before.
    Work { who: usize, answer: Answer, steps: usize, mail: bool },
    /// Those whose wait is over are looked for in the store.
    LookWhoIsDue,
    /// Time goes by.
    Wait(Duration),
    /// A worker that rests or waits is ended.
    EndIdle { who: usize },
    /// A worker panics and is restarted.
    Panic { who: usize },
    /// `kill -9`, and a new start from what is on disk.
    Crash,
}

/// What is asked of the store.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Publish {
        channels: usize,
        topic: Option<u8>,
        ttl: Duration,
        exclude: Vec<usize>,
    },
    /// The same, to be sent after so long.
    Schedule {
        channels: usize,
        topic: Option<u8>,
        ttl: Duration,
        exclude: Vec<usize>,
        wait: Duration,
    },
    /// So many notifications that nobody reads them at once.
    Burst {
        channel: usize,
        count: usize,
    },
    Join {
        endpoint: usize,
        keys: usize,
        channels: usize,
        ends: bool,
    },
    Leave {
        who: usize,
        channel: usize,
    },
    Forget {
        who: usize,
    },
    Replace {
        who: usize,
        endpoint: usize,
        keys: usize,
    },
    Return {
        who: usize,
    },
    Cancel {
        which: usize,
    },
    DeleteChannel {
        channel: usize,
    },
    /// An operator pauses a channel, or resumes it.
    Pause {
        channel: usize,
        pauses: bool,
    },
    /// Expired notifications are closed, and what was deleted is pruned.
    Upkeep,
}

/// What comes of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Answer {
    Accepted,
    Gone,
    Rejected,
    TooLarge,
    Later(Option<Duration>),
    Unauthorized,
    /// Our key is refused again and again for this one alone.
    RefusedAlone,
    /// 507.
    NobodyListens,
    Unanswered {
        counts: bool,
    },
    /// The gate is shut for so long: nothing is sent.
    Held(Duration),
    /// Nothing can be sent.
    Impossible,
}

impl Answer {
    /// Whether the push service may have seen the request.
    pub(super) fn is_of_a_push(self) -> bool {
        !matches!(self, Self::Held(_) | Self::Impossible)
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const DAY: Duration = seconds(24 * 3600);

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        9 => Just(Answer::Accepted),
        2 => Just(Answer::Gone),
        2 => Just(Answer::Rejected),
        2 => Just(Answer::TooLarge),
        2 => Just(Answer::Later(None)),
        2 => Just(Answer::Later(Some(seconds(30)))),
        2 => Just(Answer::Unauthorized),
        2 => Just(Answer::RefusedAlone),
        2 => Just(Answer::NobodyListens),
        2 => any::<bool>().prop_map(|counts| Answer::Unanswered { counts }),
        2 => Just(Answer::Held(Duration::from_millis(800))),
        2 => Just(Answer::Held(seconds(20))),
        2 => Just(Answer::Impossible),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let any = || 0..24_usize;
    // Mostly the same, so that two turn out to be one browser.
    let keys = || prop_oneof![4 => Just(0_usize), 1 => Just(1)];
    let channels = || 1..1_usize << CHANNELS.len();
    let ttl = prop::sample::select(vec![Duration::ZERO, seconds(5), seconds(3600), DAY * 28]);
    let topic = || prop::option::weighted(0.4, 0..2_u8);
    let exclude = || prop::collection::vec(any(), 0..3);
    let wait = prop::sample::select(vec![seconds(1), seconds(40), seconds(4000), DAY * 5]);
    prop_oneof![
        16 => (channels(), topic(), ttl.clone(), exclude()).prop_map(
            |(channels, topic, ttl, exclude)| Change::Publish { channels, topic, ttl, exclude }
        ),
        5 => (channels(), topic(), ttl, exclude(), wait).prop_map(
            |(channels, topic, ttl, exclude, wait)| {
                Change::Schedule { channels, topic, ttl, exclude, wait }
            }
        ),
        1 => (any(), 33..45_usize).prop_map(|(channel, count)| Change::Burst { channel, count }),
        6 => (0..4_usize, keys(), channels(), prop::bool::weighted(0.1)).prop_map(
            |(endpoint, keys, channels, ends)| Change::Join { endpoint, keys, channels, ends }
        ),
        4 => (any(), any()).prop_map(|(who, channel)| Change::Leave { who, channel }),
        1 => any().prop_map(|who| Change::Forget { who }),
        4 => (any(), 0..4_usize, keys())
            .prop_map(|(who, endpoint, keys)| Change::Replace { who, endpoint, keys }),
        2 => any().prop_map(|who| Change::Return { who }),
        4 => any().prop_map(|which| Change::Cancel { which }),
        1 => any().prop_map(|channel| Change::DeleteChannel { channel }),
        4 => (any(), prop::bool::ANY)
            .prop_map(|(channel, pauses)| Change::Pause { channel, pauses }),
        2 => Just(Change::Upkeep),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let any = || 0..24_usize;
    let span = prop_oneof![
        4 => Just(Duration::from_millis(300)),
        4 => Just(seconds(1)),
        4 => Just(seconds(3)),
        3 => Just(seconds(31)),
        1 => Just(seconds(3600)),
        1 => Just(DAY * 8),
    ];
    prop_oneof![
        24 => change().prop_map(Op::Change),
        6 => prop::collection::vec(change(), 2..6).prop_map(Op::Together),
        8 => change().prop_map(Op::WithResults),
        14 => any().prop_map(|which| Op::Resend { which }),
        6 => Just(Op::Mail),
        34 => (any(), 1..16_usize).prop_map(|(channel, steps)| Op::Sweep { channel, steps }),
        70 => (any(), answer(), 1..13_usize, prop::bool::weighted(0.7))
            .prop_map(|(who, answer, steps, mail)| Op::Work { who, answer, steps, mail }),
        3 => Just(Op::LookWhoIsDue),
        10 => span.prop_map(Op::Wait),
        4 => any().prop_map(|who| Op::EndIdle { who }),
        5 => any().prop_map(|who| Op::Panic { who }),
        2 => Just(Op::Crash),
    ]
}

/// Three browsers that are in every channel, and then anything.
pub(super) fn ops() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..120).prop_map(|mut ops| {
        let all = (1 << CHANNELS.len()) - 1;
        let join = |endpoint| Change::Join { endpoint, keys: 0, channels: all, ends: false };
        ops.splice(0..0, (0..3).map(|endpoint| Op::Change(join(endpoint))));
        ops
    })
}
