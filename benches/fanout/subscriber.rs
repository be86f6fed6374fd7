//! The subscribers: an endpoint and keys for each, as JSON for the daemon and parsed for the bare loop.

use std::time::Instant;

use fanfare::clock::Clock;
use fanfare::webpush::encrypt::encrypt;
use fanfare::webpush::subscription::PushSubscription;

use crate::PAYLOAD;
use crate::browser::Browser;
use crate::recorder::Recorder;

pub(crate) struct Subscriber {
    pub(crate) json: String,
    pub(crate) subscription: PushSubscription,
}

impl Subscriber {
    pub(crate) fn make(recorder: &Recorder, count: usize) -> Vec<Self> {
        let make = |number| {
            let json = Browser::new().subscription_json(&recorder.endpoint(number));
            let subscription = PushSubscription::parse(&json, Clock::System.now()).unwrap();
            Self { json: json.to_string(), subscription }
        };
        (0..count).map(make).collect()
    }
}

/// What one encryption costs while nothing else of ours runs.
pub(crate) fn encryption_micros(subscribers: &[Subscriber]) -> f64 {
    let some = &subscribers[..subscribers.len().min(2_000)];
    let started = Instant::now();
    for subscriber in some {
        encrypt(&subscriber.subscription.keys, PAYLOAD).unwrap();
    }
    started.elapsed().as_secs_f64() * 1e6 / some.len() as f64
}
