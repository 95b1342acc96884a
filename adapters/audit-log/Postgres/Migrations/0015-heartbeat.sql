-- What is known of heartbeats, by CapID and name; changed by the commits of the CapID's log alone.
CREATE TABLE heartbeat (
    log     integer NOT NULL,
    cap_id  text COLLATE "C" NOT NULL,
    name    text COLLATE "C" NOT NULL,
    due_at  bigint,           -- Unix milliseconds; null while none is expected
    content text    NOT NULL, -- JSON
    PRIMARY KEY (cap_id, name)
);

CREATE INDEX heartbeat_due ON heartbeat (log, due_at) WHERE due_at IS NOT NULL;
