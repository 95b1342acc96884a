-- Pages of severe incidents by time, of all CapIDs or of one: without these, each would scan all other incidents.
CREATE INDEX incident_severe_time ON incident (severity, accepted_at) WHERE severity > 0;
CREATE INDEX incident_of_cap_severe_time ON incident (cap_id, severity, accepted_at) WHERE severity > 0;
