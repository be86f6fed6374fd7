//! What the tables hold, row by row, against what must be true.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use fanfare::model::Outcome;

use super::World;
use crate::model::asked::CHANNELS;
use crate::model::reference::State;

#[derive(QueryableByName, Debug)]
struct ChannelRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    head: i64,
    #[diesel(sql_type = BigInt)]
    members: i64,
    #[diesel(sql_type = BigInt)]
    open: i64,
    #[diesel(sql_type = BigInt)]
    scheduled: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    deleted: Option<i64>,
}

#[derive(QueryableByName)]
struct PauseRow {
    #[diesel(sql_type = BigInt)]
    channel_id: i64,
}

#[derive(QueryableByName, Debug)]
struct MembershipRow {
    #[diesel(sql_type = BigInt)]
    channel_id: i64,
    #[diesel(sql_type = BigInt)]
    subscription_id: i64,
    #[diesel(sql_type = BigInt)]
    done_seq: i64,
}

#[derive(QueryableByName, Debug)]
struct SubscriptionRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    public_id: String,
    #[diesel(sql_type = BigInt)]
    generation: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    gone: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    not_before: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    trying_channel: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    trying_seq: Option<i64>,
}

#[derive(QueryableByName, Debug)]
struct NotificationRow {
    #[diesel(sql_type = Text)]
    public_id: String,
    #[diesel(sql_type = BigInt)]
    recipients: i64,
    /// Counts in the order of [`Outcome::ALL`], separated by spaces.
    #[diesel(sql_type = Text)]
    outcomes: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    finished: Option<i64>,
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

const CHANNEL_ROWS: &str = "SELECT id, name, head, members, open, scheduled, deleted FROM channel
     ORDER BY id";
const PAUSED_CHANNELS: &str = "SELECT channel_id FROM pause ORDER BY channel_id";
const MEMBERSHIP_ROWS: &str = "SELECT channel_id, subscription_id, done_seq FROM membership";
const SUBSCRIPTION_ROWS: &str = "SELECT id, public_id, generation, gone, not_before,
     trying_channel, trying_seq FROM subscription";
const NOTIFICATION_ROWS: &str = "SELECT public_id, recipients, finished,
     accepted || ' ' || gone || ' ' || expired || ' ' || superseded || ' ' || rejected || ' ' ||
     too_large || ' ' || unsubscribed || ' ' || cancelled AS outcomes FROM notification";

impl World {
    /// Changes whenever somebody else has written.
    pub(super) fn data_version(&mut self) -> i64 {
        let version =
            diesel::sql_query("PRAGMA data_version").get_result::<Version>(&mut self.look);
        version.unwrap().data_version
    }

    /// Learns how the store calls what has come since.
    pub(super) fn look_up_rows(&mut self) {
        let rows: Vec<ChannelRow> = diesel::sql_query(CHANNEL_ROWS).load(&mut self.look).unwrap();
        self.know_channels(&rows);
        let rows: Vec<SubscriptionRow> =
            diesel::sql_query(SUBSCRIPTION_ROWS).load(&mut self.look).unwrap();
        self.know_subscriptions(&rows);
    }

    fn know_channels(&mut self, rows: &[ChannelRow]) {
        // Lives of one name come one after the other, and so do their rows.
        for (name, called) in CHANNELS.iter().enumerate() {
            let lives = self.reference.channels.iter_mut();
            let lives = lives.filter(|life| life.name == name && !life.forgotten);
            let rows = rows.iter().filter(|row| row.name == *called);
            lives.zip(rows).for_each(|(life, row)| life.row = Some(row.id));
        }
    }

    fn know_subscriptions(&mut self, rows: &[SubscriptionRow]) {
        for row in rows {
            let is_it = |id: &fanfare::id::PublicId| id.as_str() == row.public_id;
            let mut known = self.reference.subscriptions.iter_mut();
            let known = known.find(|known| known.id.as_ref().is_some_and(is_it));
            known.unwrap_or_else(|| panic!("{row:?} is nobody's")).row = Some(row.id);
        }
    }

    /// Compares all rows with what must be true.
    pub(super) fn check(&mut self) {
        let channels: Vec<ChannelRow> =
            diesel::sql_query(CHANNEL_ROWS).load(&mut self.look).unwrap();
        let subscriptions: Vec<SubscriptionRow> =
            diesel::sql_query(SUBSCRIPTION_ROWS).load(&mut self.look).unwrap();
        self.know_channels(&channels);
        self.know_subscriptions(&subscriptions);
        self.check_channels(&channels);
        self.check_pauses();
        self.check_subscriptions(&subscriptions);
        self.check_cursors();
        self.check_notifications();
    }

    fn check_channels(&self, rows: &[ChannelRow]) {
        let channels = self.reference.channels.iter().enumerate();
        let kept: Vec<_> = channels.filter(|(_, channel)| !channel.forgotten).collect();
        assert_eq!(rows.len(), kept.len(), "{rows:?} are {kept:?}");
        for (key, channel) in kept {
            let row = rows.iter().find(|row| Some(row.id) == channel.row).unwrap();
            let members = self.reference.seats_in(key).count() as i64;
            let open = self.reference.notifications.iter();
            let open = open.filter(|entry| entry.channel == key && !entry.is_finished()).count();
            let waits = self.reference.schedule.iter();
            let waits = waits.filter(|later| later.channel == key && later.waits()).count();
            assert_eq!(
                (row.head, row.members, row.open, row.scheduled, row.deleted.is_some()),
                (channel.head, members, open as i64, waits as i64, channel.deleted),
                "head, members, open, scheduled, deleted of {row:?}"
            );
        }
    }

    fn check_pauses(&mut self) {
        let rows: Vec<PauseRow> = diesel::sql_query(PAUSED_CHANNELS).load(&mut self.look).unwrap();
        let rows: Vec<_> = rows.into_iter().map(|row| Some(row.channel_id)).collect();
        let channels = self.reference.channels.iter().filter(|channel| channel.pauses);
        let mut paused: Vec<_> = channels.map(|channel| channel.row).collect();
        paused.sort_unstable();
        assert_eq!(rows, paused, "channels that pause");
    }

    fn check_subscriptions(&self, rows: &[SubscriptionRow]) {
        let mut kept = 0;
        for known in &self.reference.subscriptions {
            let row = rows.iter().find(|row| Some(row.id) == known.row);
            let Some(row) = row else {
                assert_eq!(known.state, State::Forgotten, "it is not there: {known:?}");
                continue;
            };
            kept += 1;
            assert!(known.state != State::Forgotten, "it is still there: {row:?}");
            assert_eq!(row.gone.is_none(), known.is_there(), "{row:?} is {known:?}");
            assert_eq!(row.generation, known.generation, "{row:?} is {known:?}");
            let until = known.not_before.map(|until| until.as_millis());
            assert_eq!(row.not_before, until, "{row:?} waits as {known:?}");
            let tried = known
                .trying
                .and_then(|(channel, seq)| Some((self.reference.channels[channel].row?, seq)));
            let trying = row.trying_channel.zip(row.trying_seq);
            assert_eq!(trying, tried, "what goes first for {row:?}");
        }
        assert_eq!(kept, rows.len());
    }

    /// Cursors pass over what has ended for them, and over nothing else.
    pub(super) fn check_cursors(&mut self) {
        let rows: Vec<MembershipRow> =
            diesel::sql_query(MEMBERSHIP_ROWS).load(&mut self.look).unwrap();
        let mut cursors: BTreeMap<_, _> =
            rows.iter().map(|row| ((row.channel_id, row.subscription_id), row.done_seq)).collect();
        let reference = &mut self.reference;
        for key in 0..reference.seats.len() {
            let seat = &reference.seats[key];
            if seat.left {
                continue;
            }
            let channel = &reference.channels[seat.channel];
            let row = channel.row.zip(reference.subscriptions[seat.holder].row).unwrap();
            let done = cursors.remove(&row).unwrap_or_else(|| panic!("no membership: {seat:?}"));
            assert!((seat.done..=channel.head).contains(&done), "the cursor of {seat:?}: {done}");
            for entry in &reference.notifications {
                let is_passed =
                    entry.channel == seat.channel && (seat.done + 1..=done).contains(&entry.seq);
                let is_open = entry.recipients.contains(&key) && !entry.outcomes.contains_key(&key);
                assert!(
                    !is_passed || !is_open || reference.now >= entry.expires,
                    "{seat:?} has passed over what is open for it: {entry:?}"
                );
            }
            reference.seats[key].done = done;
        }
        assert!(cursors.is_empty(), "members that nobody knows of: {cursors:?}");
    }

    fn check_notifications(&mut self) {
        let rows: Vec<NotificationRow> =
            diesel::sql_query(NOTIFICATION_ROWS).load(&mut self.look).unwrap();
        let rows: BTreeMap<_, _> = rows.iter().map(|row| (row.public_id.as_str(), row)).collect();
        for entry in &self.reference.notifications {
            let id = entry.id.as_ref().expect("a name, once it was accepted");
            let row = rows.get(id.as_str()).unwrap_or_else(|| panic!("it is lost: {entry:?}"));
            let counts = Outcome::ALL.map(|outcome| entry.count(outcome).to_string());
            let expected = (entry.recipients.len() as i64, counts.join(" "), entry.is_finished());
            let stored = (row.recipients, row.outcomes.clone(), row.finished.is_some());
            assert_eq!(stored, expected, "recipients, outcomes, finished of {entry:?}");
        }
        assert_eq!(rows.len(), self.reference.notifications.len());
    }
}
