-- Positions of the entries that record updates of incidents.
CREATE TABLE incident_update (
    cap_id      TEXT NOT NULL,
    incident_id TEXT NOT NULL,
    position    INTEGER NOT NULL,
    PRIMARY KEY (cap_id, incident_id, position)
) STRICT, WITHOUT ROWID;
