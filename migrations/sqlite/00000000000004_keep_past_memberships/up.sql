-- The channels that a subscription was in when it went, and would return to. By channel, because who is taken out of one, or
-- all when it is deleted, are taken out of this too: a search through all that went would hold up every accept.
CREATE TABLE past_membership (
    app_id          BIGINT NOT NULL REFERENCES app (id),
    channel         TEXT   NOT NULL, -- its name
    subscription_id BIGINT NOT NULL REFERENCES subscription (id),
    PRIMARY KEY (app_id, channel, subscription_id)
) WITHOUT ROWID;
CREATE INDEX past_membership_subscription ON past_membership (subscription_id);

INSERT OR IGNORE INTO past_membership (app_id, channel, subscription_id)
    SELECT app_id, value, subscription.id FROM subscription, json_each(gone_channels)
    WHERE gone IS NOT NULL AND gone_channels IS NOT NULL;

DROP INDEX subscription_gone;
ALTER TABLE subscription DROP COLUMN gone_channels;
