-- Incidents that wait for an answer; deleted once the escalation is over.
CREATE TABLE escalation (
    log         INTEGER NOT NULL,
    idx         INTEGER NOT NULL, -- of the incident's entry
    cap_id      TEXT    NOT NULL,
    incident_id TEXT    NOT NULL,
    severity    TEXT    NOT NULL,
    ladder      TEXT    NOT NULL,
    step        INTEGER NOT NULL, -- next step of the ladder, from 0
    since       INTEGER NOT NULL, -- only answers in entries after this index count
    due_at      INTEGER NOT NULL, -- Unix milliseconds
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX escalation_due ON escalation (log, due_at);

-- Positions of the entries that record who was paged for an incident, and that no one answered.
CREATE TABLE escalation_step (
    cap_id      TEXT NOT NULL,
    incident_id TEXT NOT NULL,
    position    INTEGER NOT NULL,
    PRIMARY KEY (cap_id, incident_id, position)
) STRICT, WITHOUT ROWID;
