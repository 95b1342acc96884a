-- Those that wait are tried CapID by CapID: what one of them floods keeps no other's waiting.
CREATE INDEX delivery_turn ON delivery (webhook, log, severity, cap_id, due_at) WHERE state = 0;

-- What the incident is from here on: 0 open, 1 acknowledged, 2 resolved; null for a response, which changes nothing.
ALTER TABLE incident_update ADD COLUMN state INTEGER;

UPDATE incident_update SET state = (
    SELECT CASE e.kind WHEN 'incident.reopened' THEN 0 WHEN 'incident.acknowledged' THEN 1 WHEN 'incident.resolved' THEN 2 END
    FROM audit_entry e WHERE e.log = position >> 40 AND e.idx = position & 1099511627775);
