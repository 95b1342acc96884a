-- Later corrections of an incident's dCap: the entry stays, the CapID's score changes.
CREATE TABLE correction (
    cap_id      text NOT NULL,
    incident_id text NOT NULL,
    position       bigint NOT NULL,
    adjustment  bigint NOT NULL, -- ten-thousandths of dCap
    PRIMARY KEY (cap_id, incident_id, position)
);
CREATE INDEX correction_of_cap ON correction (cap_id, position);
