/** An artifact that is missing: of the backup, where its repository is there; of nothing but the repository, where that is gone. */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sourceOf } from '../../src/activities/artifacts.ts';
import type { BackupManifest } from '../../src/domain/backup-manifest.ts';
import type { FailureType } from '../../src/domain/failures.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { failing } from '../support/failing.ts';
import { committed } from '../repository/sample-manifest.ts';

const signal = new AbortController().signal;
let root: string;
let repository: Repository;
let manifest: BackupManifest;
let directory: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  repository = createRepository('nas', createLocalStorage(root));
  manifest = await committed(repository, 'shop', 'a', Date.UTC(2026, 10, 23, 1, 0, 0));
  directory = join(root, 'shop', 'backups', manifest.backupId);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function everyWayIs(type: FailureType): Promise<void> {
  const source = sourceOf(repository, manifest);
  for (const artifact of manifest.components.flatMap(({ artifacts }) => artifacts)) {
    for (const read of [() => source.hostPath(artifact), () => source.open(artifact), () => source.check(artifact, signal, () => undefined)]) await failing(type, read);
  }
}

it('is what the manifest names and the repository lacks', async () => {
  for (const { artifacts } of manifest.components) for (const { path } of artifacts) await rm(join(directory, path));
  await everyWayIs('ObjectNotFound');
  // Whatever is said of the manifest: it is there.
  await rm(join(directory, 'manifest.json'));
  await writeFile(join(directory, 'manifest.json'), '{}');
  await everyWayIs('ObjectNotFound');
});

it('says nothing of the backup where its manifest is gone, too', async () => {
  await rename(directory, `${directory}-away`);
  await everyWayIs('RepositoryUnreachable');
  // Of a repository that is there, another attempt learns that there is no such backup any more.
  await failing('UnknownBackup', repository.readManifest('shop', manifest.backupId));
});

it('nor of a share that is not mounted any more, whose place is empty, however often it is tried; and is found again when it is back', async () => {
  await rename(root, `${root}-away`);
  await mkdir(root);
  await everyWayIs('RepositoryUnreachable');
  await failing('RepositoryUnreachable', repository.readManifest('shop', manifest.backupId));
  await rm(root, { recursive: true });
  await everyWayIs('RepositoryUnreachable');
  await rename(`${root}-away`, root);
  for (const artifact of manifest.components.flatMap(({ artifacts }) => artifacts)) expect(await sourceOf(repository, manifest).hostPath(artifact)).toContain(artifact.path);
});
