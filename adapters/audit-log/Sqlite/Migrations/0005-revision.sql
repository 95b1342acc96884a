-- Tells which of two histories a version belongs to when one of them was restored from a backup.
ALTER TABLE cap ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
