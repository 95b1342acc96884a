-- Later corrections of an incident's dCap: the entry stays, the CapID's score changes.
CREATE TABLE correction (
    cap_id      TEXT    NOT NULL,
    incident_id TEXT    NOT NULL,
    position       INTEGER NOT NULL,
    adjustment  INTEGER NOT NULL, -- ten-thousandths of dCap
    PRIMARY KEY (cap_id, incident_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX correction_of_cap ON correction (cap_id, position);
