DROP INDEX notification_failed;
DROP INDEX notification_under_way;
DROP INDEX subscription_origin;
DROP INDEX subscription_app;
DROP INDEX channel_members;
