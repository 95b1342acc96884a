-- What is known of heartbeats, by CapID and name; changed by the commits of the CapID's log alone.
CREATE TABLE heartbeat (
    log     INTEGER NOT NULL,
    cap_id  TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    due_at  INTEGER,          -- Unix milliseconds; null while none is expected
    content TEXT    NOT NULL, -- JSON
    PRIMARY KEY (cap_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX heartbeat_due ON heartbeat (log, due_at) WHERE due_at IS NOT NULL;
