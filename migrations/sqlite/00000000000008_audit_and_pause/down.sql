DROP TABLE pause;
DROP TABLE audit;
