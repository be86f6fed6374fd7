-- What devices say became of a notification: shown, clicked, closed. Only those of content kind 3 ask for it.
ALTER TABLE notification ADD COLUMN shown BIGINT NOT NULL DEFAULT 0;
ALTER TABLE notification ADD COLUMN clicked BIGINT NOT NULL DEFAULT 0;
ALTER TABLE notification ADD COLUMN dismissed BIGINT NOT NULL DEFAULT 0; -- said of it: closed

-- What each device has said, so that nothing is counted twice.
CREATE TABLE receipt (
    notification_id BIGINT   NOT NULL REFERENCES notification (id),
    subscription_id BIGINT   NOT NULL REFERENCES subscription (id),
    events          SMALLINT NOT NULL, -- a bit for each
    PRIMARY KEY (notification_id, subscription_id)
) WITHOUT ROWID;
CREATE INDEX receipt_subscription ON receipt (subscription_id);

-- Where its channel's log stood when it came in: what has a later number is for it. Nothing that was accepted before
-- now asks for receipts, so that who is in already may speak of all that does.
ALTER TABLE membership ADD COLUMN joined BIGINT NOT NULL DEFAULT 0;
