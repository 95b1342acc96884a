-- Pages of a time go by this order, so that one costs what it shows.
CREATE INDEX incident_accepted_at ON incident (accepted_at, position);
