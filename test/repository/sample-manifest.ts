/** A manifest with everything in it, for tests of the repository. */
import type { Artifact, BackupManifest, ImportedFrom, PostgresBase, PostgresDump, RedisBackup } from '../../src/domain/backup-manifest.ts';
import type { ClaimedBackup, Repository } from '../../src/repository/repository.ts';

export const run = (name: string) => ({ namespaceId: 'namespace', workflowId: `holdfast/backup/shop/${name}`, runId: `run-${name}` });

const sha256 = (digit: string): string => digit.repeat(64);
const server = { container: 'shop-postgres', containerId: 'c1', image: 'postgres:17', imageId: 'sha256:1', imageDigest: 'postgres@sha256:d1', version: '17.6' };

export const artifact = (kind: Artifact['kind'], path: string, sizeBytes: number): Artifact =>
  ({ kind, path, plaintext: { sizeBytes, sha256: sha256('a') }, stored: { sizeBytes, sha256: sha256('a') }, encodings: [] });

const postgres: PostgresDump = {
  engine: 'postgres',
  method: 'dump',
  component: 'postgres',
  attempt: 'a1-00000001',
  server: { ...server, systemIdentifier: '7400000000000000001', database: 'shop', databaseOid: 16384, majorVersion: 17 },
  snapshot: { at: '2026-11-23T01:00:00.123456Z', lsn: '0/1A2B3C', snapshot: '00000003-0000001B-1' },
  artifacts: [
    { ...artifact('dump', 'postgres/a1-00000001/dump.tar', 11), members: [{ name: 'toc.dat', sizeBytes: 5, sha256: sha256('b') }] },
    artifact('globals', 'postgres/a1-00000001/globals.sql', 0),
  ],
  content: {
    engine: 'postgres',
    tables: [{ table: 'public."Überträge"', rows: '1204118', hash: '-170141183460469231731687303715884105728' }, { table: 'public.log', rows: '0', hash: null }],
    sequences: [{ sequence: 'public.orders_id_seq', lastValue: '1204118' }],
    largeObjects: { count: '0', hash: '0' },
    objects: { index: '3', constraint: '4' },
  },
  roles: [{ name: 'shop "owner"', superuser: false, login: true, referenced: true }],
  properties: { owner: 'postgres', acl: null, connectionLimit: -1, encoding: 'UTF8', localeProvider: 'c', collate: 'C', ctype: 'C', locale: null, icuRules: null, tablespace: 'pg_default', comment: null, isTemplate: false, settings: [{ role: null, name: 'work_mem', value: '64MB' }] },
  databaseSizeBytes: 7_500_000,
  extensions: [{ name: 'pgcrypto', version: '1.3' }],
  notCompared: [{ object: 'sequences', reason: 'they move outside of transactions' }],
};

const redis: RedisBackup = {
  engine: 'redis',
  component: 'redis',
  attempt: 'a2-00000002',
  server: { ...server, container: 'shop-redis', image: 'redis:8', version: '8.0.2', flavour: 'redis', replicationId: 'r1', modules: [] },
  snapshot: { at: '2026-11-23T01:00:01.000Z', rdbVersion: 12 },
  artifacts: [artifact('rdb', 'redis/a2-00000002/dump.rdb', 5)],
  content: { engine: 'redis', databases: [{ database: 0, keys: '10', expires: '2' }], digest: null, details: null, functions: '0' },
  usedMemoryBytes: 1_000_000,
  notCompared: [],
};

export function sampleManifest(service: string, claim: ClaimedBackup): BackupManifest {
  return {
    format: 1,
    repositoryId: claim.repositoryId,
    service,
    serviceVersion: '2.0.0',
    backupId: claim.backupId,
    sequence: claim.sequence,
    previousManifestSha256: claim.previousManifestSha256,
    beganAt: '2026-11-23T01:00:00.000Z',
    finishedAt: '2026-11-23T01:00:09.000Z',
    point: { at: '2026-11-23T01:00:00.123Z', skewMs: 877, skewLimitMs: 2000 },
    components: [postgres, redis],
    run: run('sample'),
    holdfastVersion: '0.1.0',
  };
}

/** Stores the artifacts that the manifest names, in their sizes. */
export async function storeArtifacts(repository: Repository, manifest: BackupManifest): Promise<void> {
  for (const { path, stored } of manifest.components.flatMap((component) => component.artifacts)) {
    await repository.storage.createExclusive(`${manifest.service}/backups/${manifest.backupId}/${path}`, Buffer.alloc(stored.sizeBytes));
  }
}

/** Claims, stores and commits a backup. */
const origin: ImportedFrom = { directory: '/srv/backups', timeZone: 'America/Denver', timeZoneGiven: false, files: [{ component: 'postgres', file: 'postgres-20260118-133121.sql.gz', sizeBytes: 11, sha256: sha256('c') }] };

/** The same as it would be had it been imported. */
export const asImported = (manifest: BackupManifest): BackupManifest => ({ ...manifest, format: 2, imported: origin });

/** A backup that was made at an instant and imported by a run. */
export async function imported(repository: Repository, name: string, madeAtMs: number): Promise<BackupManifest> {
  const manifest = asImported(sampleManifest('shop', await repository.claimBackup('shop', run(name), madeAtMs, true)));
  await storeArtifacts(repository, manifest);
  await repository.commitManifest(manifest);
  return manifest;
}

export async function committed(repository: Repository, service: string, name: string, nowMs = Date.UTC(2026, 10, 23, 1)): Promise<BackupManifest> {
  const manifest = sampleManifest(service, await repository.claimBackup(service, run(name), nowMs));
  await storeArtifacts(repository, manifest);
  await repository.commitManifest(manifest);
  return manifest;
}

/** A copy of the whole server, as a component of a manifest. */
export const base: PostgresBase = {
  engine: 'postgres',
  method: 'base',
  component: 'postgres',
  attempt: 'a1-00000001',
  server: postgres.server,
  snapshot: { at: '2026-11-23T01:00:00.123456Z', lsn: '0/1A2B3C', snapshot: '731:735:732' },
  artifacts: [artifact('base', 'postgres/a1-00000001/base.tar.zst', 11), artifact('tablespace', 'postgres/a1-00000001/16400.tar.zst', 5), artifact('wal', 'postgres/a1-00000001/pg_wal.tar.zst', 3), artifact('baseManifest', 'postgres/a1-00000001/backup_manifest', 7)],
  range: { timeline: 1, begin: '0/1A0028', end: '0/1A2B3C', endAt: '2026-11-23T01:00:00.423456Z' },
  cluster: { segmentSizeBytes: 16_777_216, dataChecksums: true, superuser: 'shop owner', settings: { max_connections: '100' }, preloadLibraries: ['pg_stat_statements'] },
  databases: [{ name: 'shop', oid: 16384, sizeBytes: 7_500_000 }],
  tablespaces: [{ name: 'fast disk', oid: 16400, location: '/fast' }],
  dataSizeBytes: 7_500_000,
  notCompared: [{ object: 'rows', reason: 'not counted' }],
};
