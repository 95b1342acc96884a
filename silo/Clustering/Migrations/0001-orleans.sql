-- What Orleans' AdoNet providers require of PostgreSQL: the tables are ours, the keys, parameters and column names
-- theirs.
CREATE TABLE OrleansQuery (QueryKey text PRIMARY KEY, QueryText text NOT NULL);

-- One row per cluster; its version is the compare-and-swap that orders every change of membership.
CREATE TABLE cluster_version (
    deployment_id text    PRIMARY KEY,
    version       integer NOT NULL
);

CREATE TABLE cluster_silo (
    deployment_id text        NOT NULL REFERENCES cluster_version,
    address       text        NOT NULL,
    port          integer     NOT NULL,
    generation    integer     NOT NULL,
    silo_name     text        NOT NULL,
    host_name     text        NOT NULL,
    status        integer     NOT NULL,
    proxy_port    integer,
    suspect_times text,
    started_at    timestamptz NOT NULL,
    alive_at      timestamptz NOT NULL,
    PRIMARY KEY (deployment_id, address, port, generation)
);

CREATE TABLE grain_state (
    service_id text     NOT NULL,
    type_hash  integer  NOT NULL,
    id_hash    integer  NOT NULL,
    id_n0      bigint   NOT NULL,
    id_n1      bigint   NOT NULL,
    type_name  text     NOT NULL,
    id_text    text     NOT NULL,
    version    integer  NOT NULL,
    payload    bytea,
    PRIMARY KEY (service_id, type_hash, id_hash, id_n0, id_n1, type_name, id_text)
);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('InsertMembershipVersionKey',
 'WITH added AS (
    INSERT INTO cluster_version (deployment_id, version) VALUES (@DeploymentId, 0) ON CONFLICT DO NOTHING RETURNING 1)
  SELECT EXISTS (SELECT 1 FROM added)'),
('InsertMembershipKey',
 'WITH moved AS (
    UPDATE cluster_version SET version = version + 1 WHERE deployment_id = @DeploymentId AND version = @Version RETURNING 1),
  added AS (
    INSERT INTO cluster_silo (deployment_id, address, port, generation, silo_name, host_name, status, proxy_port, started_at, alive_at)
    SELECT @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM moved
    ON CONFLICT DO NOTHING RETURNING 1)
  SELECT EXISTS (SELECT 1 FROM added)'),
('UpdateMembershipKey',
 'WITH moved AS (
    UPDATE cluster_version SET version = version + 1 WHERE deployment_id = @DeploymentId AND version = @Version RETURNING 1),
  changed AS (
    UPDATE cluster_silo SET status = @Status, suspect_times = @SuspectTimes, alive_at = @IAmAliveTime FROM moved
    WHERE deployment_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation RETURNING 1)
  SELECT EXISTS (SELECT 1 FROM changed)'),
('UpdateIAmAlivetimeKey',
 'UPDATE cluster_silo SET alive_at = @IAmAliveTime
  WHERE deployment_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation'),
('MembershipReadRowKey',
 'SELECT s.address AS Address, s.port AS Port, s.generation AS Generation, s.silo_name AS SiloName, s.host_name AS HostName,
    s.status AS Status, s.proxy_port AS ProxyPort, s.suspect_times AS SuspectTimes, s.started_at AS StartTime,
    s.alive_at AS IAmAliveTime, v.version AS Version
  FROM cluster_version v
  LEFT JOIN cluster_silo s ON s.deployment_id = v.deployment_id AND s.address = @Address AND s.port = @Port AND s.generation = @Generation
  WHERE v.deployment_id = @DeploymentId'),
('MembershipReadAllKey',
 'SELECT s.address AS Address, s.port AS Port, s.generation AS Generation, s.silo_name AS SiloName, s.host_name AS HostName,
    s.status AS Status, s.proxy_port AS ProxyPort, s.suspect_times AS SuspectTimes, s.started_at AS StartTime,
    s.alive_at AS IAmAliveTime, v.version AS Version
  FROM cluster_version v LEFT JOIN cluster_silo s ON s.deployment_id = v.deployment_id
  WHERE v.deployment_id = @DeploymentId'),
('GatewaysQueryKey',
 'SELECT address AS Address, proxy_port AS ProxyPort, generation AS Generation FROM cluster_silo
  WHERE deployment_id = @DeploymentId AND status = @Status AND proxy_port > 0'),
('DeleteMembershipTableEntriesKey',
 'WITH gone AS (DELETE FROM cluster_silo WHERE deployment_id = @DeploymentId)
  DELETE FROM cluster_version WHERE deployment_id = @DeploymentId'),
('CleanupDefunctSiloEntriesKey',
 'DELETE FROM cluster_silo WHERE deployment_id = @DeploymentId AND alive_at < @IAmAliveTime AND status <> 3'),
('ReadFromStorageKey',
 'SELECT payload AS PayloadBinary, version AS Version FROM grain_state
  WHERE service_id = @ServiceId AND type_hash = @GrainTypeHash AND id_hash = @GrainIdHash AND id_n0 = @GrainIdN0 AND id_n1 = @GrainIdN1
    AND type_name = @GrainTypeString AND id_text = COALESCE(@GrainIdExtensionString, '''')'),
('WriteToStorageKey',
 'INSERT INTO grain_state AS stored (service_id, type_hash, type_name, id_hash, id_n0, id_n1, id_text, version, payload)
  SELECT @ServiceId, @GrainTypeHash, @GrainTypeString, @GrainIdHash, @GrainIdN0, @GrainIdN1, COALESCE(@GrainIdExtensionString, ''''), 1, @PayloadBinary
  WHERE @GrainStateVersion::integer IS NULL OR EXISTS (
    SELECT 1 FROM grain_state
    WHERE service_id = @ServiceId AND type_hash = @GrainTypeHash AND id_hash = @GrainIdHash AND id_n0 = @GrainIdN0 AND id_n1 = @GrainIdN1
      AND type_name = @GrainTypeString AND id_text = COALESCE(@GrainIdExtensionString, ''''))
  ON CONFLICT (service_id, type_hash, id_hash, id_n0, id_n1, type_name, id_text)
  DO UPDATE SET payload = excluded.payload, version = stored.version + 1 WHERE stored.version = @GrainStateVersion::integer
  RETURNING version AS NewGrainStateVersion'),
('ClearStorageKey',
 'UPDATE grain_state SET payload = NULL, version = version + 1
  WHERE service_id = @ServiceId AND type_hash = @GrainTypeHash AND id_hash = @GrainIdHash AND id_n0 = @GrainIdN0 AND id_n1 = @GrainIdN1
    AND type_name = @GrainTypeString AND id_text = COALESCE(@GrainIdExtensionString, '''') AND version = @GrainStateVersion
  RETURNING version AS NewGrainStateVersion');
