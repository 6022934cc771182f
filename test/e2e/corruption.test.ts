/** One backup, damaged in every way and place: it is refused before anything live is touched, by whoever reads it. */
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sourceOf } from '../../src/activities/artifacts.ts';
import type { Artifact, BackupManifest } from '../../src/domain/backup-manifest.ts';
import { isFailure } from '../../src/domain/failures.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { instrument } from '../chaos/fault/instrument.ts';
import { parsePoint } from '../chaos/fault/fault-point.ts';
import { strikeAt } from '../chaos/fault/strike.ts';
import { runToEnd } from '../chaos/stage/drive.ts';
import { observe, type StageState } from '../chaos/stage/observe.ts';
import { startStage, type Stage } from '../chaos/stage/stage.ts';
import { withWorker } from '../chaos/stage/worker.ts';
import { cases } from '../support/cases.ts';
import { historyEvents } from '../support/run-history.ts';

let stage: Stage;
let copy: string;
let repository: Repository;
let manifest: BackupManifest;
let artifacts: readonly Artifact[];

const inCopy = (path: string): string => join(copy, stage.service.name, 'backups', stage.backupId, path);
const inRepository = (path: string): string => join(stage.service.repositoryPath, stage.service.name, 'backups', stage.backupId, path);

beforeAll(async () => {
  stage = await startStage();
  copy = await mkdtemp(join(tmpdir(), 'holdfast corrupt-'));
  await cp(stage.service.repositoryPath, copy, { recursive: true });
  repository = createRepository('local', createLocalStorage(copy));
  ({ manifest } = await repository.readManifest(stage.service.name, stage.backupId));
  artifacts = manifest.components.flatMap((component) => component.artifacts);
});
afterAll(async () => {
  await rm(copy, { recursive: true, force: true });
  await stage?.stop();
});

/** What reading the whole artifact in the copy ends with: null where it is believed. */
async function readingFailure(artifact: Artifact): Promise<string | null> {
  try {
    await sourceOf(repository, manifest).check(artifact, new AbortController().signal, () => undefined);
    return null;
  } catch (error) {
    return isFailure(error) ? error.type : String(error);
  }
}

/** The file as it was, whatever was tried with it. */
async function withFile(path: string, attempt: (bytes: Buffer) => Promise<void>): Promise<void> {
  const bytes = await readFile(path);
  try {
    await attempt(bytes);
  } finally {
    await writeFile(path, bytes);
  }
}

const flipped = (bytes: Buffer, position: number, mask = 0x01): Buffer => {
  const changed = Buffer.from(bytes);
  changed[position] = (changed[position] ?? 0) ^ mask;
  return changed;
};

/** First and last, around every border of tar blocks and file system pages, and evenly between. */
function positionsIn(size: number, count: number): readonly number[] {
  const borders = [512, 4096, 65_536].flatMap((block) => [block - 1, block, size - (size % block) - 1, size - (size % block)]);
  const even = Array.from({ length: count }, (_, index) => Math.floor((index * (size - 1)) / (count - 1)));
  return [...new Set([0, size - 1, ...borders, ...even])].filter((position) => position >= 0 && position < size);
}

test('every artifact is there, and is believed as it is', async () => {
  expect(artifacts.map(({ kind }) => kind).sort()).toEqual(['dump', 'globals', 'rdb']);
  expect(await Promise.all(artifacts.map(readingFailure))).toEqual([null, null, null]);
});

test('a flipped bit at any of several hundred positions is found', async () => {
  let positions = 0;
  for (const artifact of artifacts) {
    await withFile(inCopy(artifact.path), async (bytes) => {
      for (const position of positionsIn(bytes.length, 120)) {
        await writeFile(inCopy(artifact.path), flipped(bytes, position, 1 << (position % 8)));
        expect([artifact.path, position, await readingFailure(artifact)]).toEqual([artifact.path, position, 'ArtifactDamaged']);
        positions += 1;
      }
    });
  }
  expect(positions).toBeGreaterThanOrEqual(200);
});

test('an artifact that was cut, lengthened, zeroed, exchanged or removed is found', async () => {
  for (const [index, artifact] of artifacts.entries()) {
    const path = inCopy(artifact.path);
    await withFile(path, async (bytes) => {
      for (const size of new Set([0, 1, bytes.length - 1, ...positionsIn(bytes.length, 20)])) {
        await writeFile(path, bytes.subarray(0, size));
        expect([artifact.path, size, await readingFailure(artifact)]).toEqual([artifact.path, size, 'ArtifactDamaged']);
      }
      const other = await readFile(inCopy(artifacts[(index + 1) % artifacts.length]?.path ?? ''));
      for (const wrong of [Buffer.concat([bytes, Buffer.from([0])]), Buffer.alloc(bytes.length), other]) {
        await writeFile(path, wrong);
        expect([artifact.path, await readingFailure(artifact)]).toEqual([artifact.path, 'ArtifactDamaged']);
      }
      await rm(path);
      expect(await readingFailure(artifact)).toBe('ObjectNotFound');
    });
  }
});

test('a manifest with any byte flipped, or cut anywhere, is refused', { tags: 'long' }, async () => {
  const path = inCopy('manifest.json');
  const refusal = (): Promise<string | null> => repository.readManifest(stage.service.name, stage.backupId).then(() => null, (error: unknown) => (isFailure(error) ? error.type : String(error)));
  await withFile(path, async (bytes) => {
    const believed: string[] = [];
    for (let position = 0; position < bytes.length; position += 1) {
      // 0x20 turns the case of a letter, the least conspicuous change of a hexadecimal sum; 0x01 one digit into the next.
      for (const mask of [0x01, 0x20]) {
        await writeFile(path, flipped(bytes, position, mask));
        const type = await refusal();
        if (type !== 'ManifestDamaged' && type !== 'UnsupportedFormat') believed.push(`${position} ^ ${mask}: ${type}`);
      }
    }
    for (let size = 0; size < bytes.length; size += 1) {
      await writeFile(path, bytes.subarray(0, size));
      if ((await refusal()) !== 'ManifestDamaged') believed.push(`cut to ${size}`);
    }
    expect(believed).toEqual([]);
    expect(bytes.length).toBeGreaterThan(1_000);
  });
  expect(await refusal()).toBeNull();
});

test('the manifest of another backup, of another service or of another repository is refused', async () => {
  const second = await withWorker(stage.startWorker, () => stage.service.run<TakeBackupResult>('takeBackup', { service: stage.service.name }));
  const foreign = await readFile(join(stage.service.repositoryPath, stage.service.name, 'backups', second.backupId, 'manifest.json'));
  await withFile(inCopy('manifest.json'), async () => {
    await writeFile(inCopy('manifest.json'), foreign);
    await expect(repository.readManifest(stage.service.name, stage.backupId)).rejects.toMatchObject({ type: 'ManifestDamaged' });
  });
  const elsewhere = await mkdtemp(join(tmpdir(), 'holdfast other-'));
  try {
    const other = createRepository('local', createLocalStorage(elsewhere));
    await other.open();
    await cp(join(copy, stage.service.name), join(elsewhere, stage.service.name), { recursive: true });
    await expect(other.readManifest(stage.service.name, stage.backupId)).rejects.toMatchObject({ type: 'ManifestDamaged' });
    await cp(join(copy, stage.service.name), join(copy, 'another-service'), { recursive: true });
    await expect(repository.readManifest('another-service', stage.backupId)).rejects.toMatchObject({ type: 'ManifestDamaged' });
  } finally {
    await rm(elsewhere, { recursive: true, force: true });
  }
});

/** Damages to the real repository, end to end. */
type Damage = (path: string, bytes: Buffer) => Promise<void>;
const flip: Damage = (path, bytes) => writeFile(path, flipped(bytes, Math.floor(bytes.length / 2)));
const cutByOne: Damage = (path, bytes) => truncate(path, bytes.length - 1);
const emptied: Damage = (path) => truncate(path, 0);
const removed: Damage = (path) => rm(path);

const pathOf = (kind: Artifact['kind'] | 'manifest'): string => inRepository(kind === 'manifest' ? 'manifest.json' : artifacts.find((artifact) => artifact.kind === kind)?.path ?? '');

/** Afterwards the live data is as it was, and nothing is left of the run. */
async function expectUntouched(damaged: () => Promise<void>): Promise<void> {
  await stage.reset();
  const before: StageState = await observe(stage);
  await damaged();
  expect(await observe(stage)).toEqual(before);
}

async function failureOf(runbook: string, input: object): Promise<{ type: string | null; activities: readonly string[] }> {
  const handle = await stage.service.start(runbook, { service: stage.service.name, ...input });
  const { failure } = await runToEnd(stage.service, handle, 120_000);
  const events = await historyEvents(handle);
  return { type: failure, activities: events.flatMap((event) => event.activityType ?? []) };
}

test.each([
  ['a dump with a flipped bit', 'dump', flip, 'ArtifactDamaged'],
  ['a dump cut by one byte', 'dump', cutByOne, 'ArtifactDamaged'],
  ['globals with a flipped bit', 'globals', flip, 'ArtifactDamaged'],
  ['an RDB file with a flipped bit', 'rdb', flip, 'ArtifactDamaged'],
  ['an empty RDB file', 'rdb', emptied, 'ArtifactDamaged'],
  ['a removed RDB file', 'rdb', removed, 'ObjectNotFound'],
  ['a manifest with a flipped bit', 'manifest', flip, 'ManifestDamaged'],
] as const)('a restore refuses %s before it prepares anything', async (_name, kind, damage, type) => {
  await expectUntouched(() => withFile(pathOf(kind), async (bytes) => {
    await damage(pathOf(kind), bytes);
    const failure = await withWorker(stage.startWorker, () => failureOf('restoreBackup', { backup: stage.backupId }));
    expect(failure.type).toBe(type);
    expect(failure.activities).not.toContain('prepareComponent');
    expect(failure.activities).not.toContain('beginCutOver');
  }));
});

cases([['dump', 'postgres']], [['globals', 'postgres'], ['rdb', 'redis']])('a restore refuses a %s that is damaged after it was checked', async ([kind, component]) => {
  await expectUntouched(() => withFile(pathOf(kind), async (bytes) => {
    const point = parsePoint(`restoreBackup/prepareComponent:${component}#1/before`);
    const instrumented = instrument(stage.service.config, strikeAt(point, () => flip(pathOf(kind), bytes)));
    const failure = await withWorker(() => stage.startWorker(instrumented), () => failureOf('restoreBackup', { backup: stage.backupId }));
    expect(failure.type).toBe('ArtifactDamaged');
    expect(failure.activities).toContain('prepareComponent');
    expect(failure.activities).not.toContain('beginCutOver');
  }));
});

test.each(['verifyBackup', 'proveBackup'])('%s calls nothing good that is damaged', async (runbook) => {
  for (const kind of ['dump', 'rdb'] as const) {
    await withFile(pathOf(kind), async (bytes) => {
      await flip(pathOf(kind), bytes);
      const failure = await withWorker(stage.startWorker, () => failureOf(runbook, { backup: stage.backupId }));
      expect([kind, failure.type]).toEqual([kind, expect.stringMatching(/^(ArtifactDamaged|ProofFailed)$/)]);
    });
  }
  // A file that is gone is no doubt either.
  await withFile(pathOf('dump'), async (bytes) => {
    await removed(pathOf('dump'), bytes);
    expect((await withWorker(stage.startWorker, () => failureOf(runbook, { backup: stage.backupId }))).type).toMatch(/^(ObjectNotFound|ProofFailed)$/);
  });
});
