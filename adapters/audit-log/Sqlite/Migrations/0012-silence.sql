-- The silence that holds an incident's next step back.
ALTER TABLE escalation ADD COLUMN silence TEXT;

CREATE INDEX escalation_silence ON escalation (log, silence, idx) WHERE silence IS NOT NULL;
