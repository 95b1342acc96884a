-- Number of commits: a writer that expects another number is fenced off, even when only offsets have moved.
ALTER TABLE log_head ADD COLUMN commits bigint NOT NULL DEFAULT 0;
