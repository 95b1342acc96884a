-- Pages of a CapID's time, too: without it, each would sort the whole history of the CapID.
CREATE INDEX incident_of_cap_time ON incident (cap_id, accepted_at, position);
