-- Incidents that wait for an answer; deleted once the escalation is over.
CREATE TABLE escalation (
    log         integer NOT NULL,
    idx         bigint  NOT NULL, -- of the incident's entry
    cap_id      text COLLATE "C" NOT NULL,
    incident_id text COLLATE "C" NOT NULL,
    severity    text    NOT NULL,
    ladder      text    NOT NULL,
    step        integer NOT NULL, -- next step of the ladder, from 0
    since       bigint  NOT NULL, -- only answers in entries after this index count
    due_at      bigint  NOT NULL, -- Unix milliseconds
    PRIMARY KEY (log, idx)
);

CREATE INDEX escalation_due ON escalation (log, due_at);

-- Positions of the entries that record who was paged for an incident, and that no one answered.
CREATE TABLE escalation_step (
    cap_id      text COLLATE "C" NOT NULL,
    incident_id text COLLATE "C" NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (cap_id, incident_id, position)
);
