-- Waiting deliveries are tried in turns by CapID, so that a flood from one does not delay those of others.
CREATE INDEX delivery_turn ON delivery (webhook, log, severity, cap_id, due_at) WHERE state = 0;

-- The incident's state after the update: 0 open, 1 acknowledged, 2 resolved; null for a response, which keeps it.
ALTER TABLE incident_update ADD COLUMN state smallint;

UPDATE incident_update SET state = (
    SELECT CASE e.kind WHEN 'incident.reopened' THEN 0 WHEN 'incident.acknowledged' THEN 1 WHEN 'incident.resolved' THEN 2 END
    FROM audit_entry e WHERE e.log = position >> 40 AND e.idx = position & 1099511627775);
