-- Incidents that are in a group, of which only the first pages people. The id is that of all groups with one rule and key.
CREATE TABLE incident_group (
    cap_id   TEXT NOT NULL,
    group_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    first    TEXT NOT NULL, -- incident id of the group's first incident
    is_first INTEGER NOT NULL, -- 1: this one
    PRIMARY KEY (cap_id, group_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX incident_group_first ON incident_group (cap_id, group_id, position) WHERE is_first = 1;
