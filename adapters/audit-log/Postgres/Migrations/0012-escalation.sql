-- Incidents that somebody is to answer, until that is over.
CREATE TABLE escalation (
    log         integer NOT NULL,
    idx         bigint  NOT NULL, -- of the incident
    cap_id      text COLLATE "C" NOT NULL,
    incident_id text COLLATE "C" NOT NULL,
    severity    text    NOT NULL,
    ladder      text    NOT NULL,
    step        integer NOT NULL, -- the next one, from 0
    since       bigint  NOT NULL, -- answers in entries behind it count
    due_at      bigint  NOT NULL, -- Unix milliseconds
    PRIMARY KEY (log, idx)
);

CREATE INDEX escalation_due ON escalation (log, due_at);

-- Whom an incident was told, and that nobody answered: where the entries are that say so.
CREATE TABLE escalation_step (
    cap_id      text COLLATE "C" NOT NULL,
    incident_id text COLLATE "C" NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (cap_id, incident_id, position)
);
