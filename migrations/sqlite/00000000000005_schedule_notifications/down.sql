ALTER TABLE notification DROP COLUMN send_at;
ALTER TABLE notification DROP COLUMN created;
ALTER TABLE channel DROP COLUMN scheduled;
DROP TABLE scheduled;
