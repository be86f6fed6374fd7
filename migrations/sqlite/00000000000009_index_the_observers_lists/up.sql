-- What the observer's lists are read by. None of these columns changes when a delivery is settled.
CREATE INDEX channel_members ON channel (app_id, members) WHERE deleted IS NULL;
CREATE INDEX subscription_app ON subscription (app_id);
CREATE INDEX subscription_origin ON subscription (origin_id);
-- A notification is in the first while it is under way, and comes into the second with its first failure.
CREATE INDEX notification_under_way ON notification (id) WHERE finished IS NULL;
CREATE INDEX notification_failed ON notification (id) WHERE expired + rejected + too_large > 0;
