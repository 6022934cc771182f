/** One planted change per type is found: the account of a store against the account after one small change to it. */
import { beforeAll, expect, test } from 'vitest';
import { compareContent, type Content, type RedisContent } from '../../../src/domain/content.ts';
import { useDocker } from '../../support/docker.ts';
import { contextOf, engine, startRedis, type TestRedis, variedData } from './redis-fixture.ts';

const docker = useDocker();
let redis: TestRedis;
let latest: Content;

const read = (contentHashes = true): Promise<Content> => engine.readContent(contextOf(docker), redis.component, { contentHashes, jobs: 1 });

beforeAll(async () => {
  redis = await startRedis(docker);
  await redis.feed(variedData());
  await redis.feed('HSET fields f v g w\nHPEXPIRE fields 100000000 FIELDS 1 f\nVADD vectors VALUES 3 1 0 0 a\nVADD vectors VALUES 3 0 1 0 b');
  latest = await read();
});

test('nothing changed: equal, also while time passes', async () => {
  expect(await read()).toEqual(latest);
});

const keyspace = 'keyspace';
const details = 'times to live, consumer groups and functions';

/** Each keeps the number of keys and expires: only a digest can tell, and which one is said. */
const changes: readonly (readonly [what: string, change: string, found: readonly string[]])[] = [
  ['a string', 'SET text hellp', [keyspace]],
  ['a number', 'INCR number', [keyspace]],
  ['a bit', 'SETBIT bits 9000 0', [keyspace]],
  ['the order of a list', 'LMOVE list list LEFT RIGHT', [keyspace]],
  ['an element in the middle of a long list', 'LSET longlist 100 other', [keyspace]],
  ['a hash field', 'HSET hash f w', [keyspace]],
  ['one field of 600', 'HSET bighash f300 other', [keyspace]],
  ['a member of a set', 'SREM words a\nSADD words A', [keyspace]],
  ['a score', 'ZADD ranks 1.0000000000000002 a', [keyspace]],
  ['a vector', 'VADD vectors VALUES 3 0 0 1 b', [keyspace]],
  ['an attribute of a vector', 'VSETATTR vectors a "{\\"x\\":1}"', [keyspace]],
  ['a stream entry', 'XADD stream 3-1 f v', [keyspace, details]],
  ['a stream entry that was deleted again', 'XADD stream 9-1 f v\nXDEL stream 9-1', [details]],
  ['a consumer group', 'XGROUP CREATE stream others 0', [details]],
  ['what a group has read', 'XGROUP SETID stream readers 2-1', [details]],
  ['an entry acknowledged', 'XACK stream readers 1-1', [details]],
  ['when a key expires', 'PEXPIREAT later 99999999999999', [details]],
  ['which key expires', 'PERSIST later\nPEXPIREAT text 99999999999999', [keyspace, details]],
  ['the code of a function', `FUNCTION LOAD REPLACE "#!lua name=lib\\nredis.register_function('answer', function() return 43 end)"`, [details]],
];

test.each(changes)('%s', async (_what, change, found) => {
  await redis.feed(change);
  // What only the file's own details show needs no server that loads it.
  const now = await read(found.includes(keyspace));
  const differences = compareContent(found.includes(keyspace) ? latest : { ...latest, digest: null } as Content, now);
  expect(differences.map(({ object, property }) => `${object} ${property}`)).toEqual(found.map((object) => `${object} digest`));
  latest = { ...now, digest: ((found.includes(keyspace) ? now : latest) as RedisContent).digest } as Content;
});
