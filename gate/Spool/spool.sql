-- Incidents that wait and, where refused_at is set, dead letters. A letter that is retried keeps its number, and so its
-- position.
-- content: identifies what was signed and by whom; at most one incident with it waits. says: where equal as well, an
-- arrival is a duplicate, otherwise a conflict.
-- vouched: a list of keys authorises the signer, or the wallet recently accepted a claim from that address; for a
-- letter also that the cluster accepted the signer and refused something else. Never for a conflict: anyone who
-- captured one incident can make any number of these.
-- critical: goes before other incidents that are vouched for.
-- any_severity: came by a legacy call, with a severity that is not on the ladder.
-- source: the address that sent it. Among dead letters that are vouched for, a CapID pushes out only its own; among the
-- others, an address does.
CREATE TABLE IF NOT EXISTS incident (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  partition INTEGER NOT NULL,
  queue TEXT NOT NULL,
  cap_id TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  content BLOB NOT NULL,
  says BLOB NOT NULL,
  line BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  refused_at INTEGER,
  status INTEGER,
  problem TEXT,
  vouched INTEGER NOT NULL DEFAULT 1,
  source TEXT NOT NULL DEFAULT '',
  critical INTEGER NOT NULL DEFAULT 0,
  any_severity INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS waits_once ON incident (cap_id, incident_id, content) WHERE refused_at IS NULL;
CREATE INDEX IF NOT EXISTS waits_in_partition ON incident (partition, number) WHERE refused_at IS NULL;
CREATE INDEX IF NOT EXISTS waits_vouched ON incident (partition, number) WHERE refused_at IS NULL AND vouched = 1;
CREATE INDEX IF NOT EXISTS waits_critical ON incident (partition, number) WHERE refused_at IS NULL AND vouched = 1 AND critical = 1;
DROP INDEX IF EXISTS waits_unvouched;
CREATE INDEX IF NOT EXISTS waits_unvouched_in_partition ON incident (partition, number) WHERE refused_at IS NULL AND vouched = 0;
DROP INDEX IF EXISTS waits_claimed;
CREATE INDEX IF NOT EXISTS waits_claimed_by_source ON incident (source, number) WHERE refused_at IS NULL AND vouched = 0 AND partition = 4;
CREATE INDEX IF NOT EXISTS waits_claimed_by_queue ON incident (queue, number) WHERE refused_at IS NULL AND partition = 4;
CREATE INDEX IF NOT EXISTS waits_proven_by_source ON incident (source, number) WHERE refused_at IS NULL AND vouched = 1 AND partition = 5;
CREATE INDEX IF NOT EXISTS waits_proven_by_queue ON incident (queue, number) WHERE refused_at IS NULL AND partition = 5;
CREATE INDEX IF NOT EXISTS lies_dead ON incident (number) WHERE refused_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS lies_dead_of_cap ON incident (vouched, cap_id, number) WHERE refused_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS lies_dead_of_source ON incident (vouched, source, number) WHERE refused_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS lies_of_content ON incident (cap_id, incident_id, content) WHERE refused_at IS NOT NULL;
PRAGMA user_version = 6;
