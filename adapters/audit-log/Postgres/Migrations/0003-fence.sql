-- Counts commits: what a writer expects of it is the fence against a second one, also when only offsets move.
ALTER TABLE log_head ADD COLUMN commits bigint NOT NULL DEFAULT 0;
