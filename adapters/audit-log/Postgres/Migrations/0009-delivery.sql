-- State of the delivery of an entry to a webhook; changed only by commits of the entry's log.
CREATE TABLE delivery (
    webhook     text COLLATE "C" NOT NULL,
    log         integer  NOT NULL,
    idx         bigint   NOT NULL,
    cap_id      text COLLATE "C" NOT NULL,
    incident_id text COLLATE "C" NOT NULL,
    severity    smallint NOT NULL,
    state       smallint NOT NULL, -- 0 waiting, 1 delivered, 2 exhausted
    due_at      bigint,            -- Unix milliseconds; null unless waiting
    changed_at  bigint   NOT NULL, -- Unix milliseconds
    tries       integer  NOT NULL,
    attempts    text     NOT NULL, -- JSON
    PRIMARY KEY (webhook, log, idx)
);

CREATE INDEX delivery_due ON delivery (webhook, log, severity, due_at) WHERE state = 0;
CREATE INDEX delivery_newest ON delivery (webhook, changed_at, log, idx);
CREATE INDEX delivery_newest_of_state ON delivery (webhook, state, changed_at, log, idx);
CREATE INDEX delivery_settled ON delivery (webhook, log, state, changed_at) WHERE state > 0;
