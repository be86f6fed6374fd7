DROP INDEX scheduled_reference;
DROP INDEX channel_idle;
DROP INDEX notification_finished;
