-- What was done about incidents: where the entries are that say so.
CREATE TABLE incident_update (
    cap_id      text COLLATE "C" NOT NULL,
    incident_id text COLLATE "C" NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (cap_id, incident_id, position)
);
