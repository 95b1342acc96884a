-- Incidents that somebody is to answer, until that is over.
CREATE TABLE escalation (
    log         INTEGER NOT NULL,
    idx         INTEGER NOT NULL, -- of the incident
    cap_id      TEXT    NOT NULL,
    incident_id TEXT    NOT NULL,
    severity    TEXT    NOT NULL,
    ladder      TEXT    NOT NULL,
    step        INTEGER NOT NULL, -- the next one, from 0
    since       INTEGER NOT NULL, -- answers in entries behind it count
    due_at      INTEGER NOT NULL, -- Unix milliseconds
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX escalation_due ON escalation (log, due_at);

-- Whom an incident was told, and that nobody answered: where the entries are that say so.
CREATE TABLE escalation_step (
    cap_id      TEXT NOT NULL,
    incident_id TEXT NOT NULL,
    position    INTEGER NOT NULL,
    PRIMARY KEY (cap_id, incident_id, position)
) STRICT, WITHOUT ROWID;
