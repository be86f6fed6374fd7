//! Sending again: whom the store finds, and whom the reference says.

use fanfare::id::SubscriptionId;
use fanfare::store::resend::{MAX_NAMED, Resend, ResendReply, Resends};

use super::World;
use crate::model::reference::Again;

impl World {
    pub(super) async fn resend(&mut self, which: usize) {
        let entries = self.reference.notifications.iter().enumerate();
        let (failed, others): (Vec<_>, Vec<_>) = entries.partition(|(_, entry)| entry.has_failed());
        let known = if failed.is_empty() || which.is_multiple_of(8) { others } else { failed };
        // The latest are the most likely to find somebody.
        let Some((key, entry)) = known.iter().rev().nth(which % known.len().max(1)) else { return };
        let (key, id) = (*key, entry.id.clone().expect("a name, once it was accepted"));
        let command = Resend {
            app: self.app,
            id,
            after: SubscriptionId(0),
            limit: MAX_NAMED,
            idempotency: None,
            now: self.now(),
        };
        let reply = self.store.resend(command).await.unwrap();
        match (self.reference.resend(key), reply) {
            (Again::Nobody, ResendReply::Nothing) => self.count("resend to nobody"),
            (Again::UnderWay, ResendReply::UnderWay(until)) => {
                assert!(self.now() < until);
                self.count("resend too early");
            }
            (Again::Sent(key), ResendReply::Resent { resent, replayed: false }) => {
                self.count("resend");
                let entry = &mut self.reference.notifications[key];
                let expected = (Some(entry.seq), Some(entry.recipients.len() as i64), None);
                let item = resent.item;
                assert_eq!((item.seq, item.recipients, resent.next), expected, "{entry:?}");
                entry.id = Some(fanfare::id::PublicId::from_store(item.id));
            }
            (expected, reply) => panic!("sent again, {expected:?} was expected: {reply:?}"),
        }
    }
}
