/** Programs of an image that are not there, are killed, or get no thread, and files that are damaged: only the last says something of the backup. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RedisBackup } from '../../../src/domain/backup-manifest.ts';
import type { FailureType } from '../../../src/domain/failures.ts';
import type { Verdict } from '../../../src/domain/proof.ts';
import type { EngineContext } from '../../../src/engines/engine-context.ts';
import { useDocker } from '../../support/docker.ts';
import { failing } from '../../support/failing.ts';
import { createImages, type Images } from '../../zoo/images.ts';
import { contextOf, engine, sha256, startRedis, testStore, type TestRedis, type TestStore, variedData } from './redis-fixture.ts';

const docker = useDocker();
let images: Images;
let store: TestStore;
let redis: TestRedis;
let backup: RedisBackup;
beforeAll(async () => {
  images = createImages({ runtime: docker.runtime, name: docker.id });
  store = await testStore();
  redis = await startRedis(docker);
  await redis.feed(variedData());
  backup = await engine.backUp(contextOf(docker), redis.component, store.destination, { contentHashes: true, jobs: 1 }) as RedisBackup;
});
afterAll(async () => {
  await images.remove();
  await store.remove();
});

/** Where they are, and each a file of its own: some images have one program under several names. */
const toPrograms = 'cd "$(dirname "$(command -v redis-server)")"; for each in redis-check-rdb redis-check-aof; do [ ! -L "$each" ] || { cp -L "$each" "$each.own"; mv "$each.own" "$each"; }; done';
/** In the place of a program of the image. */
const instead = (program: string, script: string): string => `${toPrograms}; mv ${program} ${program}.real; printf '%s\\n' '#!/bin/sh' '${script}' >${program}; chmod 755 ${program}`;
/** As somebody who may have no process more, which root is never refused. */
const noThreads = 'chmod -R a+rwX /holdfast; exec setpriv --reuid=redis --clear-groups prlimit --nproc=1 "$0.real" "$@"';
const changed = async (script: string): Promise<RedisBackup> => ({ ...backup, server: { ...backup.server, imageId: await images.changed('redis:8', script) } });
const proven = async (ctx: EngineContext, of: RedisBackup): Promise<Verdict> => (await engine.prove(ctx, of, store.source)).verdict;

describe.each<[string, string, 'verify' | 'prove', FailureType]>([
  ['without redis-check-rdb', `${toPrograms}; rm redis-check-rdb`, 'verify', 'CouldNotVerify'],
  ['whose redis-check-rdb is killed', instead('redis-check-rdb', 'kill -KILL $$'), 'verify', 'HelperLost'],
  ['whose server is killed', instead('redis-server', 'kill -KILL $$'), 'prove', 'HelperLost'],
  ['whose server is told to end', instead('redis-server', 'kill -TERM $$'), 'prove', 'HelperLost'],
  ['whose server gets no thread', instead('redis-server', noThreads), 'prove', 'HelperLost'],
])('an image %s', (_what, script, first, type) => {
  test('says nothing of the backup', async () => {
    const of = await changed(script);
    if (first === 'verify') await failing(type, engine.verify(contextOf(docker), of, store.source));
    else await engine.verify(contextOf(docker), of, store.source);
    if (type === 'CouldNotVerify') expect(await proven(contextOf(docker), of)).toBe('couldNotVerify');
    else await failing(type, proven(contextOf(docker), of));
  });
});

test.each([
  ['the tool refuses', async (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -9), Buffer.from([0x63]), bytes.subarray(-8)])],
  ['makes the tool crash', async (bytes: Buffer) => bytes, instead('redis-check-rdb', 'kill -SEGV $$')],
  ['makes the server crash', async (bytes: Buffer) => bytes, instead('redis-server', 'kill -ABRT $$')],
] as const)('a file that %s is damaged', async (_what, change, script = 'true') => {
  const whole = await readFile(store.file);
  const bytes = await change(whole);
  await writeFile(store.file, bytes);
  const size = { sizeBytes: bytes.length, sha256: sha256(bytes) };
  const of = await changed(script);
  expect(await proven(contextOf(docker), { ...of, artifacts: of.artifacts.map((artifact) => ({ ...artifact, plaintext: size, stored: size })) })).toBe('failed');
  await writeFile(store.file, whole);
});
