/** One planted change per type is found: the digest of a backup against the digest of the same store after one small change. */
import { beforeAll, expect, test } from 'vitest';
import { compareContent, type Content } from '../../../src/domain/content.ts';
import { useDocker } from '../../support/docker.ts';
import { contextOf, engine, startRedis, type TestRedis, variedData } from './redis-fixture.ts';

const docker = useDocker();
let redis: TestRedis;
let before: Content;

const read = (): Promise<Content> => engine.readContent(contextOf(docker), redis.component, { contentHashes: true, jobs: 1 });

beforeAll(async () => {
  redis = await startRedis(docker);
  await redis.feed(variedData());
  await redis.feed('HSET fields f v g w\nHPEXPIRE fields 100000000 FIELDS 1 f');
  before = await read();
});

/** Each keeps the number of keys and expires: only the digest can tell. */
const changes: readonly (readonly [what: string, change: string, back: string])[] = [
  ['a string', 'SET text hellp', 'SET text hello'],
  ['a number', 'INCR number', 'DECR number'],
  ['a bit', 'SETBIT bits 9000 0', 'SETBIT bits 9000 1'],
  ['the order of a list', 'LMOVE list list LEFT RIGHT', 'LMOVE list list RIGHT LEFT'],
  ['an element in the middle of a long list', 'LSET longlist 100 other', `LSET longlist 100 item-100-${'x'.repeat(60)}`],
  ['a hash field', 'HSET hash f w', 'HSET hash f v'],
  ['one field of 600', 'HSET bighash f300 other', `HSET bighash f300 ${'v'.repeat(20)}300`],
  ['a member of a set', 'SREM words a\nSADD words A', 'SREM words A\nSADD words a'],
  ['a score', 'ZADD ranks 1.0000000000000002 a', 'ZADD ranks 1 a'],
  ['a stream entry', 'XADD stream 3-1 f v', 'XDEL stream 3-1'],
  ['which key expires', 'PERSIST later\nEXPIRE text 1000', 'EXPIRE later 1000\nPERSIST text'],
];

test.each(changes)('%s', async (_what, change, back) => {
  await redis.feed(change);
  const differences = compareContent(before, await read());
  expect(differences.map(({ property }) => property)).toEqual(['digest']);
  await redis.feed(back);
});

test('and taken back it is equal again', async () => {
  expect(compareContent(before, await read())).toEqual([]);
});
