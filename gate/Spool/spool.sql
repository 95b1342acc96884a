-- What waits, and, once refused_at says when, what the cluster refused. A letter that is tried again keeps its number, and so its place.
CREATE TABLE IF NOT EXISTS incident (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  lane INTEGER NOT NULL,
  queue TEXT NOT NULL,
  cap_id TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  content BLOB NOT NULL,
  line BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  refused_at INTEGER,
  status INTEGER,
  problem TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS waits_once ON incident (cap_id, incident_id, content) WHERE refused_at IS NULL;
CREATE INDEX IF NOT EXISTS waits_in_lane ON incident (lane, number) WHERE refused_at IS NULL;
CREATE INDEX IF NOT EXISTS lies_dead ON incident (number) WHERE refused_at IS NOT NULL;
PRAGMA user_version = 1;
