//! A publisher: one notification after the other, in all the ways that there are.

use std::rc::Rc;

use http::Method;
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::{Load, OWED};
use crate::call::Answer;
use crate::daemon::{KEY, call};
use crate::plan::CHANNELS;

/// A notification to be published.
struct Publish {
    number: u64,
    path: String,
    body: Value,
    channels: Vec<&'static str>,
    topic: Option<&'static str>,
    /// With one it may be sent again when no answer came.
    key: Option<String>,
}

impl Publish {
    fn pick(number: u64, rng: &mut StdRng) -> Self {
        let mut one = || CHANNELS[rng.random_range(0..CHANNELS.len())].0;
        let mut channels = vec![one()];
        let others = [one(), one(), one()];
        let kind = rng.random_range(0..100);
        if kind < 25 {
            channels.extend(others);
            channels.sort_unstable();
            channels.dedup();
        }
        let key = rng.random_bool(0.5).then(|| format!("publish {number}"));
        let topic = (kind >= 90).then_some("the latest");
        let mut body = json!({
            "notification": { "title": "Chaos", "body": number.to_string() },
        });
        if let Some(topic) = topic {
            body["topic"] = topic.into();
        }
        let path = match channels[..] {
            [one] => format!("/v1/channels/{one}/notifications"),
            _ => "/v1/notifications".to_owned(),
        };
        if channels.len() > 1 {
            body["channels"] = json!(channels);
        }
        Self { number, path, body, channels, topic, key }
    }
}

impl Load {
    pub(super) async fn publish(self: Rc<Self>, mut rng: StdRng) {
        while !self.ending.get() {
            self.until_wanted().await;
            let number = self.numbers.get() + 1;
            self.numbers.set(number);
            let publish = Publish::pick(number, &mut rng);
            let answer = self.send(&publish).await;
            // A backend that has its answer and does not know it asks again.
            if answer.is_some() && publish.key.is_some() && rng.random_bool(0.1) {
                self.send(&publish).await;
            }
            if let Some(answer) = answer
                && rng.random_bool(0.05)
            {
                self.cancel(&answer.json()).await;
            }
        }
    }

    /// Waits while enough is owed, or nothing is wanted.
    async fn until_wanted(&self) {
        let mut busy = self.busy.subscribe();
        busy.wait_for(|busy| *busy).await.expect("the sender is here");
        let mut owed = self.owed.subscribe();
        owed.wait_for(|owed| *owed <= OWED).await.expect("the sender is here");
    }

    /// Sends it, and again if it may be; `None`: nobody knows whether it was accepted.
    async fn send(&self, publish: &Publish) -> Option<Answer> {
        let mut began = None;
        loop {
            let address = self.address().await;
            let began = *began.get_or_insert_with(|| self.clock.now());
            let mut request = call(address, KEY, Method::POST, &publish.path).json(&publish.body);
            if let Some(key) = &publish.key {
                request = request.header("idempotency-key", key);
            }
            self.sent.send_modify(|sent| *sent += 1);
            let answer = request.try_send().await.ok();
            let is_refused = match &answer {
                Some(answer) => self.is_refused(answer).await,
                None => false,
            };
            if let Some(answer) = answer.filter(|_| !is_refused) {
                self.published(publish, began, &answer);
                return Some(answer);
            }
            if publish.key.is_none() {
                let at = [began, self.clock.now()];
                let Publish { number, channels, topic, .. } = publish;
                self.log(&json!({
                    "what": "unanswered", "at": at, "number": number.to_string(),
                    "channels": channels, "topic": topic,
                }));
            }
            if !is_refused {
                self.wait_for_another(address).await;
            }
            publish.key.as_ref()?;
        }
    }

    fn published(&self, publish: &Publish, began: u64, answer: &Answer) {
        assert_eq!(answer.status.as_u16(), 202, "{:?}", answer.body);
        let at = [began, self.clock.now()];
        let items = items(&answer.json());
        self.log(&json!({
            "what": "published", "at": at, "number": publish.number.to_string(),
            "topic": publish.topic, "items": items,
        }));
        self.accepted.send_modify(|accepted| *accepted += 1);
    }

    /// Takes it back; somewhere it may be too late.
    async fn cancel(&self, answer: &Value) {
        for item in items(answer) {
            let id = item["id"].as_str().unwrap();
            let began = self.clock.now();
            let path = format!("/v1/notifications/{id}");
            self.insist(|call| call(Method::DELETE, &path), &[200]).await;
            let at = [began, self.clock.now()];
            self.log(&json!({ "what": "cancelled", "at": at, "id": id }));
        }
    }
}

/// Of a publish to one channel or to several.
fn items(answer: &Value) -> Vec<Value> {
    match answer["items"].as_array() {
        Some(items) => items.clone(),
        None => vec![answer.clone()],
    }
}
