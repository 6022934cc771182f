/** What a helper cannot read through its mount, though the worker can, says nothing of the backup; what can be read and is wrong does, under the same helper. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Artifact, PostgresBase } from '../../../src/domain/backup-manifest.ts';
import type { EngineContext } from '../../../src/engines/engine-context.ts';
import { readLogEnd } from '../../../src/engines/postgres/recovery/read-log-end.ts';
import { useDocker } from '../../support/docker.ts';
import { failing } from '../../support/failing.ts';
import { closeToOthers, withoutOverride } from '../../support/unreadable.ts';
import { contextOf, engine, openStore, options, startPostgres, type TestPostgres } from './postgres-fixture.ts';

const docker = useDocker();
async function filled(image: string): Promise<TestPostgres> {
  const server = await startPostgres(docker, { image });
  await server.sql('CREATE TABLE kept AS SELECT g AS id, md5(g::text) AS text FROM generate_series(1, 50000) g');
  return server;
}
let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await filled('postgres:17');
});

const unreading = (): EngineContext => ({ ...contextOf(docker), runtime: withoutOverride(docker.runtime) });
const ofKind = (artifacts: readonly Artifact[], kind: Artifact['kind']): Artifact => artifacts.find((each) => each.kind === kind) as Artifact;

async function flipped(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] as number) ^ 1;
  await rm(path);
  await writeFile(path, bytes);
}

test.each([['dump', 'postgres:17'], ['base', 'postgres:17'], ['dump', 'postgres:17-alpine']] as const)('a %s that the helper may not read could not be verified, at once; one that is wrong is damaged (%s)', async (method, image) => {
  await using store = await openStore();
  const { component } = image === 'postgres:17' ? postgres : await filled(image);
  const backup = await engine.backUp(contextOf(docker), component, store.destination, { ...options, method });
  const path = store.fileOf(ofKind(backup.artifacts, method));
  await closeToOthers(path);
  expect((await failing('CouldNotVerify', engine.verify(unreading(), backup, store.source))).fields.cause).toMatch(/cannot be read in the helper: .*Permission denied/);
  expect(await engine.prove(unreading(), backup, store.source)).toMatchObject({ verdict: 'couldNotVerify', sentence: expect.stringContaining('Permission denied') });
  // Before the helper, the worker reads a dump by itself: here it takes what it finds.
  await flipped(path);
  await failing('ArtifactDamaged', engine.verify(unreading(), backup, { ...store.source, check: async () => undefined }));
  expect(await docker.left()).toEqual([]);
}, 170_000);

test('a segment of the log that the helper may not read is no damage, and no end of the log; one that is missing or cut is', async () => {
  await using store = await openStore();
  const backup = await engine.backUp(contextOf(docker), postgres.component, store.destination, { ...options, method: 'base' }) as PostgresBase;
  const archive = await mkdtemp(join(tmpdir(), 'holdfast test-'));
  try {
    const segment = `${backup.range.timeline.toString().padStart(8, '0')}${'1'.padStart(16, '0')}`;
    const [bytes, path] = [Buffer.alloc(backup.cluster.segmentSizeBytes, 'x'), join(archive, segment)];
    await writeFile(path, bytes);
    await writeFile(join(archive, 'another'), '');
    const log = { backup, archive: { type: 'bind', source: archive } as const, files: [{ name: segment, path: segment, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }] };
    await closeToOthers(path);
    expect((await failing('CouldNotVerify', readLogEnd(unreading(), log))).fields.cause).toContain('Permission denied');
    await rm(path);
    await failing('ArtifactDamaged', readLogEnd(unreading(), log));
    await rm(join(archive, 'another'));
    // As a share that is not mounted looks.
    await failing('RepositoryUnreachable', readLogEnd(unreading(), log));
    await writeFile(path, bytes.subarray(0, 8192));
    await failing('ArtifactDamaged', readLogEnd(unreading(), log));
  } finally {
    await rm(archive, { recursive: true });
  }
  expect(await docker.left()).toEqual([]);
}, 170_000);
