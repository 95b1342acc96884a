-- Order of pages by time, so that a page costs only the rows it returns.
CREATE INDEX incident_accepted_at ON incident (accepted_at, position);
