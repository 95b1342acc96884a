-- Incidents whose ladder ended without an answer and that count towards a report of it; changed by commits alone.
CREATE TABLE unanswered (
    log         INTEGER NOT NULL,
    idx         INTEGER NOT NULL, -- of the incident's entry
    cap_id      TEXT    NOT NULL,
    incident_id TEXT    NOT NULL,
    severity    TEXT    NOT NULL,
    ladder      TEXT    NOT NULL,
    since       INTEGER NOT NULL, -- answers in later entries count
    at          INTEGER NOT NULL, -- Unix milliseconds
    expires_at  INTEGER NOT NULL, -- Unix milliseconds
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX unanswered_ladder ON unanswered (ladder, at);
