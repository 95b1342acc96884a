-- Incidents whose ladder ended without an answer and that count towards a report of it; changed by commits alone.
CREATE TABLE unanswered (
    log         integer NOT NULL,
    idx         bigint  NOT NULL, -- of the incident's entry
    cap_id      text COLLATE "C" NOT NULL,
    incident_id text COLLATE "C" NOT NULL,
    severity    text    NOT NULL,
    ladder      text COLLATE "C" NOT NULL,
    since       bigint  NOT NULL, -- answers in later entries count
    at          bigint  NOT NULL, -- Unix milliseconds
    expires_at  bigint  NOT NULL, -- Unix milliseconds
    PRIMARY KEY (log, idx)
);

CREATE INDEX unanswered_ladder ON unanswered (ladder, at);
