/** A proof, and what fills the server of a drill, beside what serves its users: everything that is made gives way, and has a limit. */
import { expect, test } from 'vitest';
import { drillVolume } from '../../../src/containers/drill.ts';
import { findScratchOf, removeScratch } from '../../../src/containers/scratch.ts';
import type { MomentRecovery } from '../../../src/engines/moment-engine.ts';
import { useDocker } from '../../support/docker.ts';
import { watchedRuntime } from '../../support/watched-runtime.ts';
import { contextOf, engine, openStore, options, startPostgres } from './postgres-fixture.ts';

const docker = useDocker();

test.for(['dump', 'base'] as const)('of a %s', async (method) => {
  await using store = await openStore();
  const postgres = await startPostgres(docker);
  await postgres.sql('CREATE TABLE kept AS SELECT generate_series(1, 50) AS id');
  const backup = await engine.backUp(contextOf(docker), postgres.component, store.destination, { ...options, method });
  const { runtime, made } = watchedRuntime(docker);
  expect(await engine.prove({ ...contextOf(docker), runtime }, backup, store.source)).toMatchObject({ verdict: 'proven' });
  const proving = made.length;
  const ctx = { ...contextOf(docker), runtime };
  const moment: MomentRecovery | null = backup.engine === 'postgres' && backup.method === 'base' ? { backup, files: [], archive: null, source: store.source, timeline: backup.range.timeline, target: { kind: 'consistent', backupId: 'its own' }, inclusive: true } : null;
  await engine.copies.fill(ctx, postgres.component, { backup, source: store.source, moment, tellsDifferences: true }, await drillVolume(runtime, ctx, 'postgres'));
  expect([proving, made.length - proving].every((count) => count >= 1)).toBe(true);
  expect(made.filter(({ cpuShares, oomScoreAdj, memoryBytes }) => cpuShares !== 128 || oomScoreAdj !== 1000 || memoryBytes === 0)).toEqual([]);
  for (const scratch of await findScratchOf(docker.runtime, ctx.owner)) await removeScratch(docker.runtime, scratch);
});
