-- Grain state for Orleans' AdoNet storage on SQLite: the table is ours, the keys and parameters are the provider's.
CREATE TABLE IF NOT EXISTS OrleansQuery (QueryKey TEXT PRIMARY KEY, QueryText TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS GrainState (
    ServiceId  TEXT    NOT NULL,
    TypeHash   INTEGER NOT NULL,
    TypeName   TEXT    NOT NULL,
    IdHash     INTEGER NOT NULL,
    IdN0       INTEGER NOT NULL,
    IdN1       INTEGER NOT NULL,
    IdText     TEXT    NOT NULL,
    Version    INTEGER NOT NULL,
    Payload    BLOB,
    PRIMARY KEY (ServiceId, TypeHash, IdHash, IdN0, IdN1, TypeName, IdText)
) WITHOUT ROWID;

INSERT OR REPLACE INTO OrleansQuery (QueryKey, QueryText) VALUES
('ReadFromStorageKey',
 'SELECT Payload AS PayloadBinary, Version FROM GrainState
  WHERE ServiceId = @ServiceId AND TypeHash = @GrainTypeHash AND IdHash = @GrainIdHash AND IdN0 = @GrainIdN0 AND IdN1 = @GrainIdN1
    AND TypeName = @GrainTypeString AND IdText = COALESCE(@GrainIdExtensionString, '''')'),
('WriteToStorageKey',
 'INSERT INTO GrainState (ServiceId, TypeHash, TypeName, IdHash, IdN0, IdN1, IdText, Version, Payload)
  SELECT @ServiceId, @GrainTypeHash, @GrainTypeString, @GrainIdHash, @GrainIdN0, @GrainIdN1, COALESCE(@GrainIdExtensionString, ''''), 1, @PayloadBinary
  WHERE @GrainStateVersion IS NULL OR EXISTS (
    SELECT 1 FROM GrainState
    WHERE ServiceId = @ServiceId AND TypeHash = @GrainTypeHash AND IdHash = @GrainIdHash AND IdN0 = @GrainIdN0 AND IdN1 = @GrainIdN1
      AND TypeName = @GrainTypeString AND IdText = COALESCE(@GrainIdExtensionString, ''''))
  ON CONFLICT DO UPDATE SET Payload = excluded.Payload, Version = Version + 1 WHERE Version = @GrainStateVersion
  RETURNING Version AS NewGrainStateVersion'),
('ClearStorageKey',
 'UPDATE GrainState SET Payload = NULL, Version = Version + 1
  WHERE ServiceId = @ServiceId AND TypeHash = @GrainTypeHash AND IdHash = @GrainIdHash AND IdN0 = @GrainIdN0 AND IdN1 = @GrainIdN1
    AND TypeName = @GrainTypeString AND IdText = COALESCE(@GrainIdExtensionString, '''') AND Version = @GrainStateVersion
  RETURNING Version AS NewGrainStateVersion');
