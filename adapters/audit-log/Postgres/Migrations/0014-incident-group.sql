-- Incidents that are in a group, of which only the first pages people. The id is that of all groups with one rule and key.
CREATE TABLE incident_group (
    cap_id   text COLLATE "C" NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    first    text COLLATE "C" NOT NULL, -- incident id of the group's first incident
    is_first smallint NOT NULL, -- 1: this one
    PRIMARY KEY (cap_id, group_id, position)
);

CREATE INDEX incident_group_first ON incident_group (cap_id, group_id, position) WHERE is_first = 1;
