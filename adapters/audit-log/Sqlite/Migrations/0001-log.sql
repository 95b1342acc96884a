-- The log, its head, and the read models updated in the same transaction.
CREATE TABLE log_head (
    log      INTEGER PRIMARY KEY,
    origin   TEXT    NOT NULL UNIQUE,
    size     INTEGER NOT NULL,
    root     BLOB    NOT NULL,
    frontier BLOB    NOT NULL
) STRICT;

CREATE TABLE audit_entry (
    log   INTEGER NOT NULL,
    idx   INTEGER NOT NULL,
    kind  TEXT    NOT NULL,
    bytes BLOB    NOT NULL,
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;

-- Few entries are looked up by kind; accepted incidents are found through the table below.
CREATE INDEX audit_entry_rare ON audit_entry (log, kind, idx) WHERE kind <> 'incident.accepted';

-- One row per accepted incident, appended in log order: position = log * 2^40 + idx.
CREATE TABLE incident (
    position       INTEGER PRIMARY KEY,
    cap_id      TEXT    NOT NULL,
    incident_id TEXT    NOT NULL,
    audit_hash  BLOB    NOT NULL,
    severity    INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL -- Unix milliseconds
) STRICT;

-- Makes acceptance exactly-once.
CREATE UNIQUE INDEX incident_id ON incident (cap_id, incident_id);
-- Each index entry also contains the position (the rowid), so these two are in log order.
CREATE INDEX incident_of_cap ON incident (cap_id);
CREATE INDEX incident_severe ON incident (severity) WHERE severity > 0;

CREATE TABLE cap (
    cap_id    TEXT    PRIMARY KEY,
    version   INTEGER NOT NULL,
    context   TEXT    NOT NULL, -- JSON
    score     INTEGER NOT NULL, -- ten-thousandths of dCap
    incidents INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE consumer_offset (
    log      INTEGER NOT NULL,
    consumer TEXT    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (log, consumer)
) STRICT, WITHOUT ROWID;

-- Which batch entry covers which range of entries.
CREATE TABLE cover (
    log      INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    to_idx   INTEGER NOT NULL,
    from_idx INTEGER NOT NULL,
    idx      INTEGER NOT NULL,
    PRIMARY KEY (log, kind, to_idx)
) STRICT, WITHOUT ROWID;
