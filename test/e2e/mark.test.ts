/** A deploy pipeline gives a moment a name: the log behind it reaches the repository by itself, a recovery from there lands on it, and what leads nowhere is refused. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { locateMoment, type LocatedMoment } from '../../src/activities/moment/locate-moment.ts';
import { lowerFences, raiseFences } from '../../src/containers/fence.ts';
import { findScratchOf, removeScratch } from '../../src/containers/scratch.ts';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import { parsePoint } from '../../src/domain/point.ts';
import type { Component, PostgresComponent } from '../../src/domain/service.ts';
import { testTiming } from '../../src/domain/timing.ts';
import type { ArtifactSource, EngineContext } from '../../src/engines/engine-context.ts';
import { awaitTarget, startRecovery, type Recovery } from '../../src/engines/postgres/recovery/start-recovery.ts';
import { createPostgresWalSource } from '../../src/engines/postgres/wal/postgres-wal-source.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { createRunDirectory } from '../../src/worker/run-directory.ts';
import type { MarkMomentResult } from '../../src/workflows/mark-moment/messages.ts';
import { waitFor } from '../support/service-fixture.ts';
import { startWalService, type WalService } from '../support/wal-service.ts';

let service: WalService;
let archive: string;
let stopWorker: () => Promise<void>;
let components: readonly Component[];
beforeAll(async () => {
  service = await startWalService();
  archive = await mkdtemp(join(tmpdir(), 'holdfast-archive-'));
  components = service.config.services[0]?.components ?? [];
  await service.sql('CREATE TABLE events (id text)');
  // Whoever watches the log would take a base backup by itself, where the first test is to find none and the second takes its own.
  stopWorker = await service.startKeeping(withFaults);
});
afterAll(async () => {
  await service?.stop();
  await rm(archive, { recursive: true, force: true });
});

/** What happens once, after its effect was done: as to a worker that dies before it can say so. */
const faults = { afterPlace: false, afterRecord: false };
/** Places in the log that were made for marks. */
const places: string[] = [];

function lost(fault: keyof typeof faults): void {
  if (!faults[fault]) return;
  faults[fault] = false;
  throw new HoldfastFailure('WorkerLost', { operation: 'mark', object: 'test', cause: 'a fault was injected', hint: 'none' });
}

function withFaults(dependencies: ActivityDependencies): ActivityDependencies {
  return {
    ...dependencies,
    engineFor: (name) => {
      const engine = dependencies.engineFor(name);
      return {
        ...engine,
        mark: async (...given) => {
          const position = await engine.mark(...given);
          places.push(position?.lsn ?? '');
          lost('afterPlace');
          return position;
        },
      };
    },
    repositories: new Map([...dependencies.repositories].map(([name, repository]) => [name, {
      ...repository,
      recordMark: async (...given: Parameters<typeof repository.recordMark>) => {
        await repository.recordMark(...given);
        lost('afterRecord');
      },
    }])),
  };
}

const repositoryOf = () => createRepository('local', createLocalStorage(service.repositoryPath));
const mark = (name: string, more: object = {}): Promise<MarkMomentResult> => service.run<MarkMomentResult>('markMoment', { service: service.name, name, ...more });

async function refusal(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(() => null, (thrown: unknown) => thrown);
  return error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure ? `${error.cause.type}: ${error.cause.message}` : `it did not fail, but ${String(error)}`;
}

/** As soon as the archive leads there, with a copy of its files: the segment that is being written is replaced by a longer one every second. */
async function located(name: string): Promise<LocatedMoment> {
  const found: LocatedMoment[] = [];
  await waitFor(async () => {
    const moment = await locateMoment(repositoryOf(), { service: service.name, component: 'postgres', point: parsePoint(`mark:${name}`, Date.now()), inclusive: false });
    if (moment.moment.kind === 'lsn' && moment.coverage.end <= moment.moment.lsn) return false;
    for (const { path } of moment.files) await cp(join(await repositoryOf().wal.hostDirectory(moment.key) ?? '', path), join(archive, path));
    found.push(moment);
    return true;
  });
  return found[0] as LocatedMoment;
}

/** What a server that is recovered from the repository to the mark has. */
async function recovered({ base, moment, inclusive, timeline, files }: LocatedMoment): Promise<string> {
  const { namespaceId } = await createRunDirectory(service.client);
  const owner = { namespaceId, workflowId: `holdfast/test/${service.name}/recovery`, runId: `recovery-${service.name}` };
  const context = { owner, service: service.name, attempt: 'a1-00000000', runtime: service.runtime, timing: testTiming, signal: AbortSignal.timeout(120_000), progress: () => undefined } as unknown as EngineContext;
  const directory = `${service.repositoryPath}/${service.name}/backups/${base.backupId}`;
  const source: ArtifactSource = { hostPath: async ({ path }) => `${directory}/${path}`, check: async () => undefined, open: () => Promise.reject(new Error('it lies on this host')) };
  if (moment.kind !== 'lsn') throw new Error('a mark is a position');
  try {
    const recovery: Recovery = { backup: base.backup, source, request: { target: moment, inclusive, timeline }, log: { files, mount: { type: 'bind', source: archive } } };
    const server = await startRecovery(context, recovery);
    await awaitTarget(context, recovery, server);
    const { stdout } = await service.runtime.exec(server.server.id, { argv: ['psql', '-X', '-A', '-t', '-h', '/recovery/run', '-U', 'postgres', '-d', 'shop', '-c', 'SELECT string_agg(id, \',\' ORDER BY id) FROM events'], timeoutMs: 20_000 });
    return stdout.trim();
  } finally {
    for (const scratch of await findScratchOf(service.runtime, owner)) await removeScratch(service.runtime, scratch);
  }
}

test('nothing leads to a mark without a base backup, and the name stays free', async () => {
  expect(await refusal(mark('before-deploy'))).toMatch(/^PointUnreachable: .*no base backup.*holdfast backup --kind base/);
  expect(await repositoryOf().listMarks(service.name)).toEqual([]);
});

test('a recovery from the repository lands on the mark of a database at rest, and on one with later writes', async () => {
  await service.run('takeBackup', { service: service.name, kind: 'base' });
  await service.sql('INSERT INTO events VALUES (\'a\')');
  const first = await mark('before-deploy', { reason: 'release 2.1', requestedBy: 'pipeline' });
  expect(first).toMatchObject({ name: 'before-deploy', component: 'postgres', timeline: 1 });
  expect(await recovered(await located('before-deploy'))).toBe('a');
  expect(await refusal(mark('before-deploy'))).toMatch(/^AlreadyExists: .*another name/);

  await service.sql('INSERT INTO events VALUES (\'b\')');
  await mark('after-deploy');
  await service.sql('INSERT INTO events VALUES (\'c\')');
  expect(await recovered(await located('after-deploy'))).toBe('a,b');
  expect(await recovered(await located('before-deploy'))).toBe('a');
  expect(await repositoryOf().readMark(service.name, 'before-deploy')).toMatchObject({ lsn: first.lsn, reason: 'release 2.1', requestedBy: 'pipeline', run: { runId: expect.any(String) } });
});

test.each([['afterPlace', 2], ['afterRecord', 1]] as const)('a worker that is lost %s leaves one mark, the one that the run answers', async (fault, made) => {
  const before = places.length;
  faults[fault] = true;
  const { lsn } = await mark(`lost-${fault.toLowerCase()}`);
  expect(places.slice(before)).toHaveLength(made);
  expect(lsn).toBe(places.at(-1));
  expect(await repositoryOf().readMark(service.name, `lost-${fault.toLowerCase()}`)).toMatchObject({ lsn });
});

test.each([
  ['without a name', {}, 'InvalidInput'], ['of a name that is a path', { name: '../x' }, 'InvalidInput'], ['with a field that there is not', { name: 'x', dryRun: true }, 'InvalidInput'],
])('an input %s is refused', async (_what, input, type) => {
  expect(await refusal(service.run('markMoment', { service: service.name, ...input }))).toContain(`${type}: `);
});

test('a service without PostgreSQL, one whose log is not kept, and a server that is stopped are refused', async () => {
  const [postgres, redis] = components as readonly [PostgresComponent, Component];
  try {
    service.define({ components: [redis] });
    expect(await refusal(mark('x'))).toMatch(/^PointUnreachable: .*no PostgreSQL/);
    service.define({ components: (({ wal: _kept, ...bare }) => [bare, redis])(postgres) });
    expect(await refusal(mark('x'))).toMatch(/^PointUnreachable: .*wal: stream/);
  } finally {
    service.define({ components });
  }
  await service.runtime.stop(service.postgres, 10_000);
  expect(await refusal(mark('x'))).toMatch(/^ContainerNotRunning: .*docker start/);
  await service.runtime.start(service.postgres);
  await waitFor(async () => (await service.sql('SELECT 1')) === '1');
  expect((await mark('x')).name).toBe('x');
});

test('a server whose data another run exchanges is left alone', async () => {
  const { imageId, mounts } = await service.runtime.inspect(service.postgres);
  const owner = { namespaceId: 'another', workflowId: 'holdfast/restore/another', runId: 'another' };
  const volumes = mounts.flatMap(({ source }) => (source === null ? [] : [source]));
  await raiseFences(service.runtime, { owner, service: 'another', component: 'postgres', step: 'fence' }, volumes.map((volume) => ({ volume, imageId })));
  try {
    expect(await refusal(mark('y'))).toMatch(/^ForeignFence: /);
  } finally {
    await lowerFences(service.runtime, owner, volumes);
  }
  expect((await mark('y')).name).toBe('y');
});

test('nothing of it stays on the host but what receives the log, which goes when it is told to', async () => {
  await stopWorker();
  const { namespaceId } = await createRunDirectory(service.client);
  await createPostgresWalSource().stop({ namespaceId, service: service.name, runtime: service.runtime, timing: testTiming, signal: AbortSignal.timeout(60_000), secret: async () => '' }, components[0] as PostgresComponent, { forget: true });
  expect(await service.leftovers()).toEqual([]);
});
