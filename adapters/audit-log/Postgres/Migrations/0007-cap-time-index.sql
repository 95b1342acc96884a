-- Pages of a CapID by time: without this index, each would sort the CapID's whole history.
CREATE INDEX incident_of_cap_time ON incident (cap_id, accepted_at, position);
