-- Positions of the entries that record updates of incidents.
CREATE TABLE incident_update (
    cap_id      text COLLATE "C" NOT NULL,
    incident_id text COLLATE "C" NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (cap_id, incident_id, position)
);
