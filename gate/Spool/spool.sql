CREATE TABLE IF NOT EXISTS waiting (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  lane INTEGER NOT NULL,
  queue TEXT NOT NULL,
  cap_id TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  content BLOB NOT NULL,
  line BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  UNIQUE (cap_id, incident_id, content)
);
CREATE INDEX IF NOT EXISTS waiting_by_lane ON waiting (lane, number);
CREATE TABLE IF NOT EXISTS dead (
  number INTEGER PRIMARY KEY,
  lane INTEGER NOT NULL,
  queue TEXT NOT NULL,
  cap_id TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  content BLOB NOT NULL,
  line BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  refused_at INTEGER NOT NULL,
  status INTEGER NOT NULL,
  problem TEXT NOT NULL
);
PRAGMA user_version = 1;
