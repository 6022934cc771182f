/** The strict shape of a manifest: unknown members, wrong types and paths that lead elsewhere are refused before anything is believed. */
import { z } from 'zod';
import { canaryFormat, importedFormat, manifestFormat } from '../domain/backup-manifest.ts';

const text = z.string().max(20_000);
const instant = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.string().regex(/^-?\d{1,60}$/);
const size = z.int().min(0);
const backupId = z.string().regex(/^\d{8}-\d{6}$/);
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/);
/** `<component>/<attempt>/<file>` */
const artifactPath = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\/[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\/[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/).refine((path) => !path.includes('..'));
const measured = z.strictObject({ sizeBytes: size, sha256 });

const artifact = z.strictObject({
  kind: z.enum(['dump', 'globals', 'rdb', 'plainSql', 'base', 'tablespace', 'wal', 'baseManifest']),
  path: artifactPath,
  plaintext: measured,
  stored: measured,
  encodings: z.array(text).max(10),
  members: z.array(z.strictObject({ name: z.string().max(300), sizeBytes: size, sha256 })).exactOptional(),
});
const setUp = z.strictObject({
  name: text, image: text, entrypoint: z.array(text), command: z.array(text), user: text.nullable(), environmentNames: z.array(text), places: z.record(z.string(), text),
  mounts: z.array(z.strictObject({ type: z.enum(['volume', 'bind', 'tmpfs']), source: text, target: text, writable: z.boolean() })),
  networks: z.array(text), aliases: z.record(z.string(), z.array(text)).exactOptional(), ports: z.array(text), labels: z.record(z.string(), text), restart: text, init: z.boolean(), shmSizeBytes: size, memoryBytes: size,
  options: z.array(text.regex(/^--[a-z][a-z-]*(=|$)/)).exactOptional(), notCarried: z.array(text).exactOptional(),
});
const server = { container: text, containerId: text, image: text, imageId: text, imageDigest: text.exactOptional(), version: text, setUp: setUp.exactOptional() };
/** What removes losing attempts goes by the component's attempt: an artifact elsewhere would be removed with them. */
const inOwnAttempt = (component: { component: string; attempt: string; artifacts: readonly { path: string }[] }): boolean =>
  component.artifacts.every(({ path }) => path.startsWith(`${component.component}/${component.attempt}/`));
const notCompared = z.array(z.strictObject({ object: text, reason: text }));

const position = z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/);
const postgresCommon = {
  engine: z.literal('postgres'),
  component: name,
  attempt: name,
  server: z.strictObject({ ...server, systemIdentifier: count, database: text, databaseOid: size, majorVersion: size }),
  snapshot: z.strictObject({ at: instant, lsn: position, snapshot: text }),
  artifacts: z.array(artifact).min(1),
  notCompared,
};

const postgresDump = z.strictObject({
  ...postgresCommon,
  method: z.literal('dump'),
  content: z.strictObject({
    engine: z.literal('postgres'),
    tables: z.array(z.strictObject({ table: text, rows: count, hash: count.nullable() })),
    sequences: z.array(z.strictObject({ sequence: text, lastValue: text })),
    largeObjects: z.strictObject({ count, hash: count.nullable() }),
    objects: z.record(z.string(), count),
  }),
  roles: z.array(z.strictObject({ name: text, superuser: z.boolean(), login: z.boolean(), referenced: z.boolean() })),
  properties: z.strictObject({
    owner: text, acl: z.array(text).nullable(), connectionLimit: z.int(), encoding: text, localeProvider: text, collate: text, ctype: text,
    locale: text.nullable(), icuRules: text.nullable(), tablespace: text, comment: text.nullable(), isTemplate: z.boolean(),
    settings: z.array(z.strictObject({ role: text.nullable(), name: text, value: text })),
  }),
  databaseSizeBytes: size,
  extensions: z.array(z.strictObject({ name: text, version: text })),
  timeFormats: z.strictObject({ TimeZone: text, DateStyle: text, IntervalStyle: text }).exactOptional(),
});

const postgresBase = z.strictObject({
  ...postgresCommon,
  method: z.literal('base'),
  range: z.strictObject({ timeline: z.int().min(1), begin: position, end: position, endAt: instant }),
  cluster: z.strictObject({ segmentSizeBytes: size, dataChecksums: z.boolean(), superuser: text, settings: z.record(z.string(), text), preloadLibraries: z.array(text) }),
  databases: z.array(z.strictObject({ name: text, oid: size, sizeBytes: size })).min(1),
  tablespaces: z.array(z.strictObject({ name: text, oid: size, location: text })),
  dataSizeBytes: size,
  chain: z.array(z.strictObject({ backupId, sha256 })).min(1).max(100).exactOptional(),
});
const postgres = z.discriminatedUnion('method', [postgresDump, postgresBase]);

const redis = z.strictObject({
  engine: z.literal('redis'),
  component: name,
  attempt: name,
  server: z.strictObject({ ...server, flavour: z.enum(['redis', 'valkey']), replicationId: text, modules: z.array(z.strictObject({ name: text, path: text, args: z.array(text) })) }),
  snapshot: z.strictObject({ at: instant, rdbVersion: size }),
  artifacts: z.array(artifact).min(1),
  content: z.strictObject({
    engine: z.literal('redis'),
    databases: z.array(z.strictObject({ database: size, keys: count, expires: count })),
    digest: text.nullable(),
    details: text.nullable(),
    functions: count,
  }),
  usedMemoryBytes: size,
  notCompared,
});

const imported = z.strictObject({
  directory: text, timeZone: text, timeZoneGiven: z.boolean(), files: z.array(z.strictObject({ component: name, file: z.string().max(300), sizeBytes: size, sha256 })).min(1).max(100),
});

const canary = z.strictObject({ nonce: z.string().regex(/^[0-9a-f]{32}$/), writtenAt: instant, components: z.array(name).min(1).max(100) });

export const manifestSchema = z.strictObject({
  format: z.literal([manifestFormat, importedFormat, canaryFormat]),
  repositoryId: z.uuid(),
  service: name,
  serviceVersion: text.nullable(),
  backupId,
  sequence: z.int().min(1),
  previousManifestSha256: sha256.nullable(),
  beganAt: instant,
  finishedAt: instant,
  point: z.strictObject({ at: instant, skewMs: size, skewLimitMs: size }),
  components: z.array(z.discriminatedUnion('engine', [postgres, redis]).refine(inOwnAttempt, 'an artifact lies outside of the attempt')).min(1)
    .refine((components) => new Set(components.map(({ component }) => component)).size === components.length, 'two components have one name'),
  run: z.strictObject({ namespaceId: text, workflowId: text, runId: text }),
  holdfastVersion: text,
  imported: imported.exactOptional(),
  canary: canary.exactOptional(),
}).refine((manifest) => (manifest.format === importedFormat) === (manifest.imported !== undefined), 'its format is not the one of how it came here')
  .refine((manifest) => (manifest.format === canaryFormat) === (manifest.canary !== undefined), 'its format is not the one of a backup with a canary, or without')
  .refine(({ canary: written, components }) => written === undefined || written.components.every((each) => components.some(({ component }) => component === each)), 'its canary is in a store that it does not hold');
