-- What the deletion brake counts, and what it holds back.

-- The origins of push services, app by app. Rows of subscriptions that were here before are counted at the first start:
-- an origin is parsed from an endpoint, which SQL cannot.
CREATE TABLE push_origin (
    id     INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    app_id BIGINT  NOT NULL REFERENCES app (id),
    origin TEXT    NOT NULL,
    live   BIGINT  NOT NULL DEFAULT 0 -- subscriptions of the app here that are not gone
);
CREATE UNIQUE INDEX push_origin_name ON push_origin (app_id, origin);

-- How many subscriptions went by their push service's answer, minute by minute: as many rows an origin as the brake looks back.
CREATE TABLE departure (
    origin_id BIGINT NOT NULL,
    minute    BIGINT NOT NULL, -- since the Unix epoch
    count     BIGINT NOT NULL,
    PRIMARY KEY (origin_id, minute)
) WITHOUT ROWID;

-- An incident: subscriptions that are out of their channels and are kept until an operator says what becomes of them.
CREATE TABLE quarantine (
    id          INTEGER  PRIMARY KEY AUTOINCREMENT NOT NULL,
    public_id   TEXT     NOT NULL UNIQUE,
    app_id      BIGINT   NOT NULL REFERENCES app (id),
    origin_id   BIGINT   NOT NULL REFERENCES push_origin (id),
    cause       SMALLINT NOT NULL,
    opened      BIGINT   NOT NULL,
    held        BIGINT   NOT NULL DEFAULT 0, -- subscriptions in it
    gather_from BIGINT,                      -- who went since then belongs to it, and not all have been taken in
    resolution  SMALLINT,                    -- what the operator said
    moved       BIGINT   NOT NULL DEFAULT 0, -- subscriptions that have been put where that puts them
    closed      BIGINT                       -- when
);
CREATE UNIQUE INDEX quarantine_open ON quarantine (origin_id, cause) WHERE closed IS NULL;
CREATE INDEX quarantine_app ON quarantine (app_id, id);

ALTER TABLE subscription ADD COLUMN origin_id BIGINT NOT NULL DEFAULT 0; -- 0: not counted yet
ALTER TABLE subscription ADD COLUMN departed BIGINT;        -- when it went by its push service's answer
ALTER TABLE subscription ADD COLUMN quarantine_id BIGINT REFERENCES quarantine (id);
ALTER TABLE subscription ADD COLUMN unheard_since BIGINT;   -- the first 507 in a row
ALTER TABLE subscription ADD COLUMN trouble TEXT;           -- why it waits
ALTER TABLE subscription ADD COLUMN trouble_status INTEGER; -- the status that said so

CREATE INDEX subscription_departed ON subscription (origin_id, quarantine_id, departed);
CREATE INDEX subscription_quarantine ON subscription (quarantine_id) WHERE quarantine_id IS NOT NULL;
CREATE INDEX subscription_to_prune ON subscription (gone) WHERE gone IS NOT NULL AND quarantine_id IS NULL;
