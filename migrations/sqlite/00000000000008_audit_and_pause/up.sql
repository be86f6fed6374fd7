-- Who acted on the daemon, when and from where; written before the act. The newest 10 000 are kept.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at      BIGINT NOT NULL,
    key     TEXT   NOT NULL, -- the API key's public id, or "control socket"
    title   TEXT   NOT NULL, -- what the key was called then
    address TEXT,            -- the client's; none on the control socket
    act     TEXT   NOT NULL, -- its label
    target  TEXT   NOT NULL,
    request TEXT   NOT NULL  -- the request's id, as in the log
);

-- What an operator has paused: an origin of a push service, or a channel.
CREATE TABLE pause (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    origin     TEXT   UNIQUE,
    channel_id BIGINT UNIQUE REFERENCES channel (id),
    since      BIGINT NOT NULL,
    paused_by  TEXT   NOT NULL, -- as audit.key
    CHECK ((origin IS NULL) <> (channel_id IS NULL))
);
