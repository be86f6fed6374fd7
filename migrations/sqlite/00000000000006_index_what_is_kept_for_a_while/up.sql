-- What is finished, by when it finished: what is kept for a while is removed oldest first. A notification comes into this
-- index once, when its last delivery has its outcome: counting the others does not touch it.
CREATE INDEX notification_finished ON notification (finished) WHERE finished IS NOT NULL;
-- Channels that nobody is in and that have no work. Most have a log that is kept for a while; the others go.
CREATE INDEX channel_idle ON channel (id) WHERE members = 0 AND open = 0 AND scheduled = 0;
-- A channel's row goes when no other names it: that is looked up, and SQLite does so again for the reference.
CREATE INDEX scheduled_reference ON scheduled (channel_id);
