-- Notifications that are to be sent later. They have no number in their channel's log, and no recipients, before they are
-- due: then they are moved into `notification`, under the same public id. Those that were cancelled before stay for a while.
CREATE TABLE scheduled (
    id           INTEGER  PRIMARY KEY AUTOINCREMENT NOT NULL,
    public_id    TEXT     NOT NULL UNIQUE,
    group_id     TEXT,
    channel_id   BIGINT   NOT NULL REFERENCES channel (id),
    content_kind SMALLINT NOT NULL,
    content      BLOB     NOT NULL,
    created      BIGINT   NOT NULL,
    send_at      BIGINT   NOT NULL,
    expires      BIGINT   NOT NULL,
    now_or_never BOOLEAN  NOT NULL,
    urgency      SMALLINT NOT NULL,
    topic        TEXT,              -- as on the wire
    exclude      TEXT,              -- JSON: rows of subscriptions, members of the channel or not
    cancelled    BIGINT             -- when, before it was due
);
CREATE INDEX scheduled_due ON scheduled (send_at) WHERE cancelled IS NULL;
CREATE INDEX scheduled_channel ON scheduled (channel_id, send_at) WHERE cancelled IS NULL;
CREATE INDEX scheduled_cancelled ON scheduled (cancelled) WHERE cancelled IS NOT NULL;

ALTER TABLE channel ADD COLUMN scheduled BIGINT NOT NULL DEFAULT 0; -- those that wait to be due

-- Of those that were scheduled: when they were asked for, and for when.
ALTER TABLE notification ADD COLUMN created BIGINT;
ALTER TABLE notification ADD COLUMN send_at BIGINT;
