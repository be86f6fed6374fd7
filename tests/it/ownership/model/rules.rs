//! What must hold whatever was asked of the store, as queries that find nothing.

use diesel::prelude::*;
use diesel::sql_types::Text;

#[derive(QueryableByName, Debug)]
pub(super) struct Broken {
    #[diesel(sql_type = Text)]
    pub(super) what: String,
}

/// What must find nothing.
pub(super) const RULES: &[(&str, &str)] = &[
    (
        "an endpoint has one row",
        "SELECT endpoint AS what FROM subscription GROUP BY app_id, endpoint HAVING count(*) > 1",
    ),
    (
        "a subscription is in one channel of an exclusive namespace",
        "SELECT '' || subscription_id AS what FROM membership JOIN channel ON channel.id = channel_id
         WHERE name LIKE 'user:%' AND deleted IS NULL GROUP BY subscription_id HAVING count(*) > 1",
    ),
    (
        "a channel knows how many members it has",
        "SELECT name AS what FROM channel WHERE members <>
             (SELECT count(*) FROM membership WHERE channel_id = channel.id)",
    ),
    (
        "a channel knows how many notifications are open",
        "SELECT name AS what FROM channel WHERE open <>
             (SELECT count(*) FROM notification WHERE channel_id = channel.id AND finished IS NULL)",
    ),
    (
        "a cursor is not ahead of its log",
        "SELECT name AS what FROM membership JOIN channel ON channel.id = channel_id WHERE done_seq > head",
    ),
    (
        "who is gone is in no channel",
        "SELECT public_id AS what FROM subscription JOIN membership ON subscription_id = subscription.id
         WHERE gone IS NOT NULL",
    ),
    (
        "what goes first is ahead of its cursor",
        "SELECT public_id AS what FROM subscription WHERE trying_seq <=
             (SELECT done_seq FROM membership
              WHERE channel_id = trying_channel AND subscription_id = subscription.id)",
    ),
    (
        "no outcome is counted below nothing",
        "SELECT public_id AS what FROM notification WHERE
             min(accepted, gone, expired, superseded, rejected, too_large, unsubscribed, cancelled) < 0",
    ),
    (
        "a notification is finished when its outcomes are its recipients",
        "SELECT public_id AS what FROM notification WHERE (finished IS NOT NULL) <> (recipients =
             accepted + gone + expired + superseded + rejected + too_large + unsubscribed + cancelled)",
    ),
    (
        "pending are the members who are behind and not excluded",
        "SELECT public_id AS what FROM notification WHERE finished IS NULL AND recipients -
             (accepted + gone + expired + superseded + rejected + too_large + unsubscribed + cancelled) <>
             (SELECT count(*) FROM membership WHERE membership.channel_id = notification.channel_id
                 AND done_seq < seq AND subscription_id NOT IN
                 (SELECT value FROM json_each(coalesce(exclude, '[]'))))",
    ),
    (
        "an app knows how many subscriptions it has",
        "SELECT name AS what FROM app WHERE subscriptions <>
             (SELECT count(*) FROM subscription WHERE app_id = app.id AND gone IS NULL)",
    ),
    (
        "an origin knows how many subscriptions live there",
        "SELECT origin AS what FROM push_origin WHERE live <>
             (SELECT count(*) FROM subscription WHERE origin_id = push_origin.id AND gone IS NULL)",
    ),
    (
        "a subscription has an origin of its app",
        "SELECT public_id AS what FROM subscription LEFT JOIN push_origin ON push_origin.id = origin_id
         WHERE push_origin.app_id IS NOT subscription.app_id",
    ),
    (
        "nothing is kept of an origin that nobody names",
        "SELECT '' || id AS what FROM
             (SELECT id FROM push_origin UNION SELECT origin_id FROM departure) AS kept
         WHERE NOT EXISTS (SELECT 1 FROM subscription WHERE origin_id = kept.id)
           AND NOT EXISTS (SELECT 1 FROM quarantine WHERE origin_id = kept.id)",
    ),
    (
        "an incident knows how many it holds",
        "SELECT public_id AS what FROM quarantine WHERE held <>
             (SELECT count(*) FROM subscription WHERE quarantine_id = quarantine.id)",
    ),
    (
        "who is there is not held, has not departed and has nowhere to return to",
        "SELECT public_id AS what FROM subscription WHERE gone IS NULL
         AND (coalesce(quarantine_id, departed) IS NOT NULL
             OR id IN (SELECT subscription_id FROM past_membership))",
    ),
    (
        "who would return does so to no more than one channel of an exclusive namespace",
        "SELECT '' || subscription_id AS what FROM past_membership
         WHERE channel LIKE 'user:%' GROUP BY subscription_id HAVING count(*) > 1",
    ),
    (
        "nothing is kept of memberships of a subscription that is forgotten",
        "SELECT channel AS what FROM past_membership
         WHERE subscription_id NOT IN (SELECT id FROM subscription)",
    ),
];
