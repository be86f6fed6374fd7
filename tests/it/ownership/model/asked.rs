//! What may be asked of the store, and strategies that ask it.

use fanfare::model::Outcome;
use fanfare::store::quarantine::Resolution;
use proptest::prelude::*;

/// What is asked. Numbers choose among what there is, modulo how many there are.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Subscribe {
        endpoint: usize,
        keys: usize,
        channels: usize,
        authority: usize,
        ends: bool,
    },
    Replace {
        who: usize,
        endpoint: usize,
        keys: usize,
    },
    LeaveChannel {
        who: usize,
        channel: usize,
    },
    LeaveShared {
        channel: usize,
        also_in: usize,
    },
    Forget {
        who: usize,
    },
    Publish {
        channel: usize,
        exclude: Option<usize>,
        topic: bool,
    },
    Settle {
        who: usize,
        late: bool,
        ends: Ends,
    },
    Restore {
        who: usize,
    },
    /// An operator's word on an incident, and a batch of it.
    Resolve {
        which: usize,
        resolution: Resolution,
    },
    Cancel {
        which: usize,
    },
    DeleteChannel {
        channel: usize,
    },
    Wait {
        days: u32,
    },
}

/// How an attempt ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ends {
    As(Outcome),
    /// The push service refuses our key for this subscription alone.
    Refused,
    /// It is to be made again.
    Not,
}

pub(super) fn ops() -> impl Strategy<Value = Vec<Op>> {
    let any = || 0..64_usize;
    let ends = prop_oneof![
        3 => Just(Ends::As(Outcome::Accepted)),
        2 => Just(Ends::As(Outcome::Gone)),
        1 => Just(Ends::As(Outcome::Rejected)),
        2 => Just(Ends::Refused),
        1 => Just(Ends::Not),
    ];
    let op = prop_oneof![
        6 => (0..5_usize, 0..2_usize, 1..32_usize, 0..3_usize, prop::bool::weighted(0.2)).prop_map(
            |(endpoint, keys, channels, authority, ends)| {
                Op::Subscribe { endpoint, keys, channels, authority, ends }
            }
        ),
        4 => (any(), 0..5_usize, 0..2_usize)
            .prop_map(|(who, endpoint, keys)| Op::Replace { who, endpoint, keys }),
        2 => (any(), any()).prop_map(|(who, channel)| Op::LeaveChannel { who, channel }),
        1 => (any(), any()).prop_map(|(channel, also_in)| Op::LeaveShared { channel, also_in }),
        1 => any().prop_map(|who| Op::Forget { who }),
        5 => (any(), prop::option::of(any()), prop::bool::ANY)
            .prop_map(|(channel, exclude, topic)| Op::Publish { channel, exclude, topic }),
        8 => (any(), prop::bool::weighted(0.3), ends)
            .prop_map(|(who, late, ends)| Op::Settle { who, late, ends }),
        2 => any().prop_map(|who| Op::Restore { who }),
        2 => (any(), prop::sample::select(&Resolution::ALL[..]))
            .prop_map(|(which, resolution)| Op::Resolve { which, resolution }),
        1 => any().prop_map(|which| Op::Cancel { which }),
        1 => any().prop_map(|channel| Op::DeleteChannel { channel }),
        1 => (0..9_u32).prop_map(|days| Op::Wait { days }),
    ];
    prop::collection::vec(op, 1..60)
}
