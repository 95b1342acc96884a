-- Number of logs over which the CapIDs are divided: one row, written at the first start. Older databases have one log.
CREATE TABLE log_layout (
    only_row integer PRIMARY KEY CHECK (only_row = 0),
    logs     integer NOT NULL
);
INSERT INTO log_layout (only_row, logs) SELECT 0, 1 WHERE EXISTS (SELECT 1 FROM log_head);
