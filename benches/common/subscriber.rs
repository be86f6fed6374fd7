//! The subscribers: an endpoint and keys for each, as JSON for the daemon and parsed for the bare loop.

use fanfare::clock::Clock;
use fanfare::webpush::subscription::PushSubscription;

use crate::browser::Browser;

pub(crate) struct Subscriber {
    pub(crate) json: String,
    pub(crate) subscription: PushSubscription,
}

impl Subscriber {
    /// So many, each at the endpoint of its number.
    pub(crate) fn make(count: usize, endpoint: impl Fn(usize) -> String) -> Vec<Self> {
        let make = |number| {
            let json = Browser::new().subscription_json(&endpoint(number));
            let subscription = PushSubscription::parse(&json, Clock::System.now()).unwrap();
            Self { json: json.to_string(), subscription }
        };
        (0..count).map(make).collect()
    }
}
