-- Row ids are never reused (AUTOINCREMENT): a late result must not find another's row.
-- Times are milliseconds since the Unix epoch.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
);

CREATE TABLE app (
    id           INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name         TEXT    NOT NULL UNIQUE,
    settings     TEXT    NOT NULL, -- JSON
    token_secret BLOB    NOT NULL,
    created      BIGINT  NOT NULL
);

CREATE TABLE vapid_key (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    app_id     BIGINT  NOT NULL REFERENCES app (id),
    public     BLOB    NOT NULL, -- 65 bytes, uncompressed point
    scalar     BLOB    NOT NULL, -- 32 bytes
    is_current BOOLEAN NOT NULL,
    created    BIGINT  NOT NULL
);

CREATE TABLE api_key (
    hash      BLOB    PRIMARY KEY NOT NULL, -- SHA-256 of the key; the key itself is nowhere
    public_id TEXT    NOT NULL UNIQUE,
    app_id    BIGINT  NOT NULL REFERENCES app (id),
    title     TEXT    NOT NULL,
    scopes    TEXT    NOT NULL, -- names, separated by spaces
    bootstrap BOOLEAN NOT NULL, -- set by FANFARE_BOOTSTRAP_KEY
    created   BIGINT  NOT NULL
);

CREATE TABLE channel (
    id      INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    app_id  BIGINT  NOT NULL REFERENCES app (id),
    name    TEXT    NOT NULL,
    epoch   TEXT    NOT NULL,           -- random, so that (epoch, seq) never repeats
    head    BIGINT  NOT NULL DEFAULT 0, -- the last number of its log
    members BIGINT  NOT NULL DEFAULT 0,
    open    BIGINT  NOT NULL DEFAULT 0, -- notifications that are not finished
    deleted BIGINT                      -- when; members are then pruned in batches
);
CREATE UNIQUE INDEX channel_name ON channel (app_id, name) WHERE deleted IS NULL;
CREATE INDEX channel_with_work ON channel (id) WHERE open > 0;
CREATE INDEX channel_to_prune ON channel (id) WHERE deleted IS NOT NULL AND members > 0;

CREATE TABLE subscription (
    id              INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    public_id       TEXT    NOT NULL UNIQUE,
    app_id          BIGINT  NOT NULL REFERENCES app (id),
    part            BIGINT  NOT NULL, -- hash of the id: where it is placed
    generation      BIGINT  NOT NULL,
    endpoint        TEXT    NOT NULL,
    p256dh          BLOB    NOT NULL, -- 65 bytes
    auth            BLOB    NOT NULL, -- 16 bytes
    vapid_key_id    BIGINT  NOT NULL REFERENCES vapid_key (id),
    expires         BIGINT,
    created         BIGINT  NOT NULL,
    not_before      BIGINT,           -- no attempt before
    failures        BIGINT  NOT NULL DEFAULT 0,
    trying_channel  BIGINT,           -- the delivery that goes first
    trying_seq      BIGINT,
    trying_attempts BIGINT,
    gone            BIGINT,           -- when it went; kept for seven days so that it can come back
    gone_channels   TEXT              -- JSON: the names of the channels that it was in
);
CREATE UNIQUE INDEX subscription_endpoint ON subscription (app_id, endpoint);
CREATE INDEX subscription_due ON subscription (not_before) WHERE not_before IS NOT NULL;
CREATE INDEX subscription_expiry ON subscription (expires) WHERE expires IS NOT NULL AND gone IS NULL;
CREATE INDEX subscription_gone ON subscription (gone) WHERE gone IS NOT NULL;

CREATE TABLE membership (
    channel_id      BIGINT NOT NULL REFERENCES channel (id),
    subscription_id BIGINT NOT NULL REFERENCES subscription (id),
    done_seq        BIGINT NOT NULL, -- the cursor: everything up to it is settled
    PRIMARY KEY (channel_id, subscription_id)
) WITHOUT ROWID;
CREATE INDEX membership_subscription ON membership (subscription_id);

CREATE TABLE notification (
    id           INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    public_id    TEXT     NOT NULL UNIQUE,
    group_id     TEXT,                -- shared by the notifications of one call
    channel_id   BIGINT   NOT NULL REFERENCES channel (id),
    seq          BIGINT   NOT NULL,
    content_kind SMALLINT NOT NULL,
    content      BLOB     NOT NULL,
    accepted_at  BIGINT   NOT NULL,
    expires      BIGINT   NOT NULL,
    now_or_never BOOLEAN  NOT NULL,   -- TTL 0
    urgency      SMALLINT NOT NULL,
    topic        TEXT,                -- as on the wire
    exclude      TEXT,                -- JSON: rows of subscriptions
    recipients   BIGINT   NOT NULL,
    accepted     BIGINT   NOT NULL DEFAULT 0,
    gone         BIGINT   NOT NULL DEFAULT 0,
    expired      BIGINT   NOT NULL DEFAULT 0,
    superseded   BIGINT   NOT NULL DEFAULT 0,
    rejected     BIGINT   NOT NULL DEFAULT 0,
    too_large    BIGINT   NOT NULL DEFAULT 0,
    unsubscribed BIGINT   NOT NULL DEFAULT 0,
    cancelled    BIGINT   NOT NULL DEFAULT 0,
    closed       SMALLINT,            -- the outcome that took all that was pending
    finished     BIGINT               -- when the last delivery got its outcome
);
CREATE UNIQUE INDEX notification_seq ON notification (channel_id, seq);
CREATE INDEX notification_open ON notification (channel_id, seq) WHERE finished IS NULL;
CREATE INDEX notification_expiry ON notification (expires) WHERE finished IS NULL;
CREATE INDEX notification_topic ON notification (channel_id, topic) WHERE finished IS NULL AND topic IS NOT NULL;

CREATE TABLE failure (
    id              INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    notification_id BIGINT   NOT NULL REFERENCES notification (id),
    subscription_id BIGINT   NOT NULL REFERENCES subscription (id),
    outcome         SMALLINT NOT NULL,
    status          INTEGER,
    reason          TEXT     NOT NULL,
    attempts        BIGINT   NOT NULL,
    at              BIGINT   NOT NULL
);
CREATE INDEX failure_notification ON failure (notification_id, id);
CREATE INDEX failure_subscription ON failure (subscription_id, id);

CREATE TABLE idempotency (
    app_id      BIGINT NOT NULL REFERENCES app (id),
    key         TEXT   NOT NULL,
    fingerprint BLOB   NOT NULL,
    reply       TEXT   NOT NULL, -- JSON: what the first call was answered
    created     BIGINT NOT NULL,
    PRIMARY KEY (app_id, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_created ON idempotency (created);
