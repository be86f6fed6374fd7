ALTER TABLE subscription ADD COLUMN gone_channels TEXT;
UPDATE subscription SET gone_channels =
    (SELECT json_group_array(channel) FROM past_membership WHERE subscription_id = subscription.id)
    WHERE gone IS NOT NULL;
CREATE INDEX subscription_gone ON subscription (gone) WHERE gone IS NOT NULL;
DROP TABLE past_membership;
