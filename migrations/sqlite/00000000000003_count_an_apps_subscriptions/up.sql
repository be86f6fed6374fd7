-- Those that are not gone: what the limit `subscriptions` of the app is held against, without counting them each time.
ALTER TABLE app ADD COLUMN subscriptions BIGINT NOT NULL DEFAULT 0;
UPDATE app SET subscriptions =
    (SELECT count(*) FROM subscription WHERE subscription.app_id = app.id AND subscription.gone IS NULL);
