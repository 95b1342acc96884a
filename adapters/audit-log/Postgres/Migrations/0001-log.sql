-- The log, its head, and the read models updated in the same transaction. The tables are those of SQLite.
CREATE TABLE log_head (
    log      integer PRIMARY KEY,
    origin   text    NOT NULL UNIQUE,
    size     bigint  NOT NULL,
    root     bytea   NOT NULL,
    frontier bytea   NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE audit_entry (
    log   integer NOT NULL,
    idx   bigint  NOT NULL,
    kind  text COLLATE "C" NOT NULL,
    bytes bytea   NOT NULL,
    PRIMARY KEY (log, idx)
);

-- Few entries are looked up by kind; accepted incidents are found through the table below.
CREATE INDEX audit_entry_rare ON audit_entry (log, kind, idx) WHERE kind <> 'incident.accepted';

-- One row per accepted incident, appended in log order: position = log * 2^40 + idx.
CREATE TABLE incident (
    position       bigint PRIMARY KEY,
    cap_id      text COLLATE "C" NOT NULL,
    incident_id text COLLATE "C" NOT NULL,
    audit_hash  bytea    NOT NULL,
    severity    smallint NOT NULL,
    accepted_at bigint   NOT NULL -- Unix milliseconds
);

-- Makes acceptance exactly-once.
CREATE UNIQUE INDEX incident_id ON incident (cap_id, incident_id);
CREATE INDEX incident_of_cap ON incident (cap_id, position);
CREATE INDEX incident_severe ON incident (severity, position) WHERE severity > 0;

-- A busy CapID's row is updated by every commit; free space in its page keeps that cheap.
CREATE TABLE cap (
    cap_id    text COLLATE "C" PRIMARY KEY,
    version   bigint NOT NULL,
    context   text   NOT NULL, -- JSON
    score     bigint NOT NULL, -- ten-thousandths of dCap
    incidents bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE consumer_offset (
    log      integer NOT NULL,
    consumer text COLLATE "C" NOT NULL,
    position bigint  NOT NULL,
    PRIMARY KEY (log, consumer)
) WITH (fillfactor = 50);

-- Which batch entry covers which range of entries.
CREATE TABLE cover (
    log      integer NOT NULL,
    kind     text COLLATE "C" NOT NULL,
    to_idx   bigint  NOT NULL,
    from_idx bigint  NOT NULL,
    idx      bigint  NOT NULL,
    PRIMARY KEY (log, kind, to_idx)
);
