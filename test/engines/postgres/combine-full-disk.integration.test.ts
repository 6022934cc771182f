/** A disk that runs full while a chain is unpacked or combined: called by its name, whoever unpacks it, never a fault of the backup's; and as free as before. */
import { beforeAll, expect, test } from 'vitest';
import type { PostgresBase } from '../../../src/domain/backup-manifest.ts';
import type { PostgresComponent } from '../../../src/domain/service.ts';
import type { ChainedInput, ParentBackup } from '../../../src/engines/engine-context.ts';
import type { MomentEngine } from '../../../src/engines/moment-engine.ts';
import { useDocker } from '../../support/docker.ts';
import { failing } from '../../support/failing.ts';
import { contextOf, engine, openStore, startPostgres, type TestPostgres, type TestStore } from './postgres-fixture.ts';
import { onVolume, smallVolume } from './small-volume.ts';

const docker = useDocker();
const moments = engine.moments as MomentEngine<PostgresComponent>;
const data = '/var/lib/postgresql/data';
let store: TestStore & AsyncDisposable;
let postgres: TestPostgres;
let links: readonly ChainedInput[];

/** Takes all that is left as soon as this is there: the room was asked for by then. At once: without a process for each look, and without writing what is taken. */
const fillWhen = (path: string, into: string): string =>
  `until [ -e ${path} ]; do :; done; n=0; for mib in 64 32 16 8 4 2 1 1; do while fallocate -l $mib"M" ${into}.$n 2>/dev/null; do n=$((n + 1)); done; done; cat /dev/zero >${into} 2>/dev/null; echo filled`;

const last = (): ChainedInput => links.at(-1) as ChainedInput;
const source = () => ({ ...store.source, chain: async () => links.slice(0, -1) });

beforeAll(async () => {
  store = await openStore();
  const volume = await smallVolume(docker, 300, true);
  postgres = await startPostgres(docker, { args: ['-c', 'summarize_wal=on'], dataDirectory: '/unused', mounts: [{ type: 'volume', source: volume.name, target: data }] });
  await postgres.sql('CREATE TABLE kept (id int PRIMARY KEY, text text); INSERT INTO kept SELECT g, md5(g::text) FROM generate_series(1, 20000) g;');
  const taken: ChainedInput[] = [];
  for (const number of [1, 2]) {
    const before = taken.at(-1);
    const parent: ParentBackup | null = before === undefined ? null : { backup: before.backup, source: before.source, chain: [{ backupId: before.backupId, sha256: 'a'.repeat(64) }] };
    const backup = await engine.backUp(contextOf(docker), postgres.component, store.attempt(`a${number}`), { contentHashes: true, jobs: 2, method: 'base', ...(parent === null ? {} : { parent }) }) as PostgresBase;
    taken.push({ backupId: `20261123-00000${number}`, backup, source: store.source });
    await postgres.sql('UPDATE kept SET text = \'changed\' WHERE id % 7000 = 0;');
  }
  links = taken;
  return () => store[Symbol.asyncDispose]();
}, 170_000);

const full = /No space left on device|wrote (only )?\d+ of \d+/i;
/** MiB that a check asks for. */
let needed: number;

test('too little room is told before anything is unpacked, with the log and what is copied', async () => {
  const { name } = await smallVolume(docker, 90);
  const { fields } = await failing('NotEnoughSpace', engine.verify(onVolume(docker, contextOf(docker), name), last().backup, source()));
  needed = Number(/needs (\d+)MB, 90MB are free/.exec(fields.cause)?.[1]);
  expect(needed).toBeGreaterThan(90);
}, 170_000);

// Of the files' sizes nobody computes how they are rounded up: with that much and no more it is the last step that runs full.
test.each([['the first link is unpacked', 8, 'work/inputs/0/base'], ['they are combined', 1, null]])('a check on a disk that runs full while %s says so, and proves nothing', async (_when, moreMiB, path) => {
  for (const what of ['verify', 'prove'] as const) {
    const { name, shell } = await smallVolume(docker, needed + moreMiB);
    const filled = path === null ? null : shell(fillWhen(`/small/${path}`, '/small/filling'));
    const checked = engine[what](onVolume(docker, contextOf(docker), name), last().backup, source());
    if (what === 'prove') expect(await checked).toMatchObject({ verdict: 'couldNotVerify', sentence: expect.stringMatching(full) });
    else expect((await failing('DiskFull', checked)).fields).toMatchObject({ cause: expect.stringMatching(full), hint: expect.stringContaining('Make room') });
    expect(await filled).toBe(path === null ? null : 'filled');
  }
  expect(await docker.left()).toEqual([]);
}, 300_000);

test('a restore on a disk that runs full under it leaves nothing of it, and touches nothing', async () => {
  const ctx = contextOf(docker, new Map(), { run: 'full' });
  const shell = async (command: string): Promise<string> => (await docker.runtime.exec(postgres.id, { argv: ['sh', '-c', command], timeoutMs: 120_000 })).stdout.trim();
  const before = await shell(`ls ${data}`);
  const filled = shell(`until ls -d ${data}/pgsql_tmp.holdfast/*/new >/tmp/seen 2>&1; do sleep 0.01; done; run=$(cat /tmp/seen); ${fillWhen('$run/inputs/0/base', `${data}/filling`)}`);
  const { fields } = await failing('DiskFull', moments.recover(ctx, postgres.component, { backup: last().backup, source: source(), files: [], archive: null, timeline: 1, target: { kind: 'consistent', backupId: '' }, inclusive: true }));
  expect(fields.cause).toMatch(full);
  expect(await filled).toBe('filled');
  await shell(`rm ${data}/filling*`);
  expect(await shell(`ls ${data}`)).toBe(before);
  expect(await postgres.sql('SELECT count(*) FROM kept')).toBe('20000');
  expect(await docker.left()).toEqual([]);
}, 300_000);
