-- What was done about incidents: where the entries are that say so.
CREATE TABLE incident_update (
    cap_id      TEXT NOT NULL,
    incident_id TEXT NOT NULL,
    position    INTEGER NOT NULL,
    PRIMARY KEY (cap_id, incident_id, position)
) STRICT, WITHOUT ROWID;
