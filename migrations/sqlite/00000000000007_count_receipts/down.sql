ALTER TABLE membership DROP COLUMN joined;
DROP TABLE receipt;
ALTER TABLE notification DROP COLUMN dismissed;
ALTER TABLE notification DROP COLUMN clicked;
ALTER TABLE notification DROP COLUMN shown;
UPDATE notification SET content_kind = 2 WHERE content_kind = 3;
UPDATE scheduled SET content_kind = 2 WHERE content_kind = 3;
UPDATE app SET settings = json_remove(settings, '$.receipts');
