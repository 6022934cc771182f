/** A second of a real server, made from the files of its AOF alone: what was written until then is there, what came later is not, and nothing damaged passes. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { readFileFromContainer } from '../../../src/containers/container-files.ts';
import { parseAofManifest } from '../../../src/domain/aof/aof-manifest.ts';
import { IncrementScan } from '../../../src/domain/aof/scan-increment.ts';
import type { ArchivedAof, ArchivedFile } from '../../../src/engines/aof-engine.ts';
import { useDocker } from '../../support/docker.ts';
import { contextOf, engine, restore, sha256, startRedis, testStore, variedData, type TestRedis } from './redis-fixture.ts';

const docker = useDocker();
const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

/** What was answered is in the file: with `everysec` it is kept back for as long as an fsync is under way. */
const args = ['--appendonly', 'yes', '--appendfsync', 'no', '--aof-timestamp-enabled', 'yes', '--auto-aof-rewrite-percentage', '0', '--save', ''];

/** The server's clock, once a new second has begun: what is written next is annotated with it. */
async function nextSecond(redis: TestRedis): Promise<number> {
  const now = async (): Promise<number> => Number((await redis.cli('TIME')).split('\n')[0]);
  const begin = await now();
  for (;;) {
    const second = await now();
    if (second > begin) return second;
  }
}

/** The files of its AOF as they are now, in blocks, as an archive would have them. */
async function archived(redis: TestRedis, second: number, blockBytes = 90): Promise<ArchivedAof> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast aof '));
  directories.push(directory);
  const bytesOf = async (name: string): Promise<Buffer> => buffer(await readFileFromContainer(docker.runtime, redis.id, `/data/appendonlydir/${name}`));
  const manifest = parseAofManifest((await bytesOf('appendonly.aof.manifest')).toString());
  const kept = async (path: string, bytes: Buffer): Promise<ArchivedFile> => {
    await writeFile(join(directory, path), bytes);
    return { path, sizeBytes: bytes.length, sha256: sha256(bytes) };
  };
  const base = await kept('base', await bytesOf(manifest?.base?.name ?? ''));
  const increments: ArchivedAof['increments'][number][] = [];
  for (const { name } of manifest?.increments ?? []) {
    const bytes = await bytesOf(name);
    const scan = new IncrementScan(second);
    if (!scan.take(bytes)) throw new Error('no AOF');
    const { cutBytes, wholeBytes } = scan.found;
    const blocks: ArchivedFile[] = [];
    for (let at = 0; at < bytes.length; at += blockBytes) blocks.push(await kept(`${name} ${at}`, bytes.subarray(at, at + blockBytes)));
    if ((cutBytes ?? wholeBytes) > 0) increments.push({ sizeBytes: cutBytes ?? wholeBytes, isCut: cutBytes !== null, blocks });
    if (cutBytes !== null) break;
  }
  return { second, directory, base, increments };
}

describe.each(['redis:7', 'redis:8-alpine'])('%s', (image) => {
  it('is brought to a second before a FLUSHALL, with what was written until its end and nothing behind', async () => {
    const redis = await startRedis(docker, { image, args });
    await redis.feed(variedData());
    await redis.cli('BGREWRITEAOF');
    await expect.poll(() => redis.exec('cat', '/data/appendonlydir/appendonly.aof.manifest'), { timeout: 20_000 }).toMatch(/2\.base\.rdb seq 2 type b\nfile \S+\.2\.incr/);
    await nextSecond(redis);
    await redis.feed('SET before 1\nMULTI\nSET one 1\nSET two 2\nEXEC\nSET soon gone PX 300');
    const second = await nextSecond(redis) - 1;
    await redis.feed('SET after 1\nMULTI\nSET three 1\nEXEC\nFLUSHALL\nSET behind 1');
    const aof = await archived(redis, second);
    const store = await testStore();
    const ctx = contextOf(docker);
    const backup = await engine.aof!.makeInstant(ctx, redis.component, aof, store.destination);
    expect(backup.snapshot.at).toBe(new Date((second + 1) * 1000).toISOString());
    expect(backup.content.digest).toMatch(/^[0-9a-f]{40}$/);
    await restore(ctx, redis, backup, store.source);
    expect(await redis.cli('MGET', 'text', 'before', 'one', 'two')).toBe('hello\n1\n1\n2');
    expect(await redis.cli('EXISTS', 'soon', 'after', 'three', 'behind')).toBe('0');
    expect(await redis.cli('-n', '3', 'GET', 'other')).toBe('database');
    await store.remove();
  });
});

it('is the base alone where nothing was written behind it, and cuts off half a command at the end', async () => {
  const redis = await startRedis(docker, { args });
  const store = await testStore();
  const ctx = contextOf(docker);
  const empty = await archived(redis, 2_000_000_000);
  expect((await engine.aof!.makeInstant(ctx, redis.component, empty, store.destination)).content.databases).toEqual([]);

  await redis.feed('SET whole 1\nSET half 2');
  const { directory, base, increments } = await archived(redis, 2_000_000_000, 1_000_000);
  const block = increments[0]!.blocks[0]!;
  const bytes = (await readFile(join(directory, block.path))).subarray(0, -4);
  await writeFile(join(directory, 'torn'), bytes);
  const scan = new IncrementScan(2_000_000_000);
  scan.take(bytes);
  const torn = { second: 2_000_000_000, directory, base, increments: [{ sizeBytes: scan.found.wholeBytes, isCut: false, blocks: [{ path: 'torn', sizeBytes: bytes.length, sha256: sha256(bytes) }] }] };
  expect((await engine.aof!.makeInstant(ctx, redis.component, torn, store.destination)).content.databases).toEqual([{ database: 0, keys: '1', expires: '0' }]);
  await store.remove();
});

it('refuses a base or block that is not what its name says, one that is missing, and an end that the annotations do not have', async () => {
  const redis = await startRedis(docker, { args });
  await redis.feed('SET a 1\nSET b 2');
  const second = await nextSecond(redis) - 1;
  await redis.feed('SET c 3');
  const aof = await archived(redis, second);
  const store = await testStore();
  const made = (changed: ArchivedAof): Promise<unknown> => engine.aof!.makeInstant(contextOf(docker), redis.component, changed, store.destination);
  const [increment] = aof.increments;
  await expect(made({ ...aof, increments: [{ ...increment!, blocks: increment!.blocks.slice(0, 1) }] })).rejects.toMatchObject({ type: 'ArtifactDamaged' });
  await expect(made({ ...aof, increments: [{ ...increment!, sizeBytes: increment!.sizeBytes - 14 }] })).rejects.toMatchObject({ type: 'ArtifactDamaged', fields: { cause: expect.stringContaining('by its annotations') } });
  for (const { path } of [aof.base, increment!.blocks[1]!]) {
    const bytes = await readFile(join(aof.directory, path));
    await writeFile(join(aof.directory, path), bytes.map((byte, index) => (index === 9 ? byte ^ 1 : byte)));
    await expect(made(aof)).rejects.toMatchObject({ type: 'ArtifactDamaged' });
    await writeFile(join(aof.directory, path), bytes);
  }
  // A longer block has taken the place of the last one: as much of that is read.
  const last = increment!.blocks.at(-1)!;
  const bytes = await readFile(join(aof.directory, last.path));
  await writeFile(join(aof.directory, `00000009.${bytes.length + 9}.longer`), Buffer.concat([bytes, Buffer.from('and after')]));
  const replaced = { ...aof, increments: [{ ...increment!, blocks: [...increment!.blocks.slice(0, -1), { ...last, path: `00000009.${bytes.length}.shorter` }] }] };
  expect(await made(replaced)).toMatchObject({ content: { databases: [{ database: 0, keys: '2' }] } });
  await writeFile(join(aof.directory, `00000009.${bytes.length + 9}.longer`), Buffer.concat([Buffer.from('x'), bytes]));
  await expect(made(replaced)).rejects.toMatchObject({ type: 'ArtifactDamaged' });
  await store.remove();
});
