/** Copies that runs set aside: recorded once, decided once, and a decision that outlives the copy. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SetAsideCopy } from '../../src/domain/set-aside.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { failing } from '../support/failing.ts';

const key = { service: 'shop', runId: '0199-run', component: 'postgres' };
const signal = new AbortController().signal;
let directory: string;
let repository: Repository;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast test-'));
  repository = createRepository('local', createLocalStorage(directory));
  await repository.open();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A copy whose files were written by an attempt, as a helper does it. */
async function write(attempt: string): Promise<SetAsideCopy> {
  const destination = await repository.setAside(key).destination(attempt, signal);
  for (const file of ['data.tar.zst', 'members']) await writeFile(join(destination.hostDirectory ?? '', file), `${file} of ${attempt}`);
  const [archive, members] = [await destination.adopt('data.tar.zst'), await destination.adopt('members')];
  return { format: 1, attempt, archive: { file: 'data.tar.zst', ...archive }, members: { file: 'members', ...members, count: 1 }, dataBytes: 7, diskBytes: 4096, controlFile: 'none', control: null };
}

test('the first record stays, other attempts\' files go, and what is read is what was written', async () => {
  const place = repository.setAside(key);
  expect(await place.read()).toBeNull();
  const [first, second] = [await write('a1-00000001'), await write('a2-00000002')];
  expect(await place.record(first)).toEqual(first);
  expect(await repository.setAside(key).record(second)).toEqual(first);
  await place.removeOthers(first);
  expect(await text(await place.open(first.attempt, first.archive.file))).toBe('data.tar.zst of a1-00000001');
  expect(await place.digest(first.attempt, 'members', signal)).toEqual({ sizeBytes: first.members.sizeBytes, sha256: first.members.sha256 });
  await failing('ObjectNotFound', place.open(second.attempt, 'members'));
});

test('a decision is made once, by whichever process and run asks first, and stays when the copy is let go', async () => {
  const place = repository.setAside(key);
  await place.record(await write('a1-00000001'));
  expect(await Promise.all([place.decide('keep'), createRepository('local', createLocalStorage(directory)).setAside(key).decide('keep')])).toEqual(['keep', 'keep']);
  expect(await place.isBack()).toBe(false);
  await place.markBack();
  await place.markBack();
  for (let times = 0; times < 2; times += 1) await place.remove();
  expect([await place.read(), await place.decide('drop'), await place.isBack()]).toEqual([null, 'keep', true]);
  expect(await repository.setAside({ ...key, runId: '0199-other' }).decide('drop')).toBe('drop');
});

test('nothing is written where the repository went away, and a place with copies never becomes a new one', async () => {
  await rm(join(directory, 'holdfast.json'));
  await failing('RepositoryUnreachable', repository.setAside(key).decide('drop'));
  await repository.setAside(key).directory();
  await failing('RepositoryDamaged', createRepository('local', createLocalStorage(directory)).open());
});

test('a record that was altered is not believed', async () => {
  const place = repository.setAside(key);
  await place.record(await write('a1-00000001'));
  await writeFile(join(directory, 'shop/set-aside/0199-run/postgres/copy.json'), '{"format":1}');
  await failing('RepositoryDamaged', place.read());
});

test('the head tells whoever looks at the engine\'s host whether it is the same machine', async () => {
  const { location, head, freeBytes } = await repository.place();
  expect([location, head?.hostPath, /^[0-9a-f]{64}$/.test(head?.sha256 ?? ''), typeof freeBytes]).toEqual([directory, join(directory, 'holdfast.json'), true, 'number']);
});
