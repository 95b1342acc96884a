-- What was said later about an incident's dCap: the entry stays, the total moves.
CREATE TABLE correction (
    cap_id      text NOT NULL,
    incident_id text NOT NULL,
    place       bigint NOT NULL,
    adjustment  bigint NOT NULL, -- ten-thousandths of dCap
    PRIMARY KEY (cap_id, incident_id, place)
);
CREATE INDEX correction_of_cap ON correction (cap_id, place);
