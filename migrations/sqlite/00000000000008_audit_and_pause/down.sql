-- Who waits for the end of a pause would wait for a thousand years.
UPDATE subscription SET not_before = 0 WHERE not_before > 33000000000000;
DROP TABLE pause;
DROP TABLE audit;
