-- State of the delivery of an entry to a webhook; changed only by commits of the entry's log.
CREATE TABLE delivery (
    webhook     TEXT    NOT NULL,
    log         INTEGER NOT NULL,
    idx         INTEGER NOT NULL,
    cap_id      TEXT    NOT NULL,
    incident_id TEXT    NOT NULL,
    severity    INTEGER NOT NULL,
    state       INTEGER NOT NULL, -- 0 waiting, 1 delivered, 2 exhausted
    due_at      INTEGER,          -- Unix milliseconds; null unless waiting
    changed_at  INTEGER NOT NULL, -- Unix milliseconds
    tries       INTEGER NOT NULL,
    attempts    TEXT    NOT NULL, -- JSON
    PRIMARY KEY (webhook, log, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_due ON delivery (webhook, log, severity, due_at) WHERE state = 0;
CREATE INDEX delivery_newest ON delivery (webhook, changed_at, log, idx);
CREATE INDEX delivery_newest_of_state ON delivery (webhook, state, changed_at, log, idx);
CREATE INDEX delivery_settled ON delivery (webhook, log, state, changed_at) WHERE state > 0;
