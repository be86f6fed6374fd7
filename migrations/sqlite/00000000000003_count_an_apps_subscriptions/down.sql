ALTER TABLE app DROP COLUMN subscriptions;
