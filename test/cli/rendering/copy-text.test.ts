import { expect, test } from 'vitest';
import { copyLines, copyTable, removalLines } from '../../../src/cli/rendering/copy-text.ts';
import type { CloneServiceResult } from '../../../src/workflows/clone-service/messages.ts';

const clock = { timeZone: 'Europe/Berlin', now: '2026-11-23T03:00:00Z' };
const made: CloneServiceResult = {
  outcome: 'made', name: 'looking', asked: { point: 'xid:743', inclusive: false }, backupId: '20261123-010000', timeline: 1,
  reached: { stop: 'before commit of transaction 743, time 2026-11-23 01:47:05.1+00', lsn: '0/3000258', lastCommitAt: '2026-11-23T01:47:05.112000Z' },
  servers: [
    { component: 'postgres', engine: 'postgres', container: 'holdfast-copy-shop-looking-postgres', address: '127.0.0.1:32771', user: 'app user', database: 'shop', backupId: '20261123-010000', at: '2026-11-23T01:47:05.112000Z' },
    { component: 'redis', engine: 'redis', container: 'holdfast-copy-shop-looking-redis', address: '127.0.0.1:32770', backupId: '20261123-010000', at: '2026-11-23T01:00:03.000Z' },
  ],
};

test('a copy says what was asked and where it landed, how one gets in, and how it goes again', () => {
  expect(copyLines(made, 'shop', clock)).toEqual([
    'Copy looking: shop as it was just before xid:743.',
    '  asked for  just before xid:743',
    '  landed     stopped before commit of transaction 743, time 2026-11-23 01:47:05.1+00, at 0/3000258 of timeline 1; last transaction 02:47:05.112 CET (01:47:05.112 UTC)',
    '  postgres   127.0.0.1:32771  psql -h 127.0.0.1 -p 32771 -U \'app user\' shop',
    '             as of 02:47:05 CET (01:47:05 UTC), from backup 20261123-010000, in container holdfast-copy-shop-looking-postgres',
    '  redis      127.0.0.1:32770  redis-cli -h 127.0.0.1 -p 32770',
    '             as of 02:00:03 CET (01:00:03 UTC), from backup 20261123-010000, in container holdfast-copy-shop-looking-redis',
    'Writable, and nobody\'s replica, publisher or archive: nothing that is done in it reaches the original. Passwords are those of that moment.',
    'It stays until it is removed: holdfast clone remove looking',
  ]);
  const [postgres, redis] = made.servers;
  if (postgres === undefined || redis === undefined) throw new Error('two servers are made');
  const asOf = (more: object): readonly string[] => copyLines({ ...made, servers: [postgres, { ...redis, ...more }] }, 'shop', clock).filter((line) => /^ {13}/.test(line)).slice(1);
  expect(asOf({ beforeMs: 2_822_112 })).toEqual([expect.stringContaining(', 47 min 2 s before that moment, from backup 20261123-010000,')]);
  expect(asOf({ beforeMs: 112, source: 'aof', backupId: 'run-x' })).toEqual([expect.stringContaining(', 0.1 s before that moment, from its append-only file,')]);
  expect(asOf({ beforeMs: -5000, unfit: 'a base is missing' })).toEqual([expect.stringContaining('after that moment, from backup'), '             its append-only file does not lead there: a base is missing']);
  expect(copyLines({ ...made, outcome: 'planned', reached: null, servers: [] }, 'shop', clock).at(-1)).toBe('Dry run: nothing was made.');
  const ofDump: CloneServiceResult = { ...made, asked: null, timeline: null, reached: null };
  expect(copyLines(ofDump, 'shop', clock).slice(0, 2)).toEqual(['Copy looking: shop as it was in backup 20261123-010000.', '  postgres   127.0.0.1:32771  psql -h 127.0.0.1 -p 32771 -U \'app user\' shop']);
  expect(copyLines({ ...ofDump, outcome: 'planned', servers: [] }, 'shop', clock)[0]).toContain('in backup 20261123-010000 can be copied');
});

test('the list has a row a store; one that is taken apart or not finished is told', () => {
  const server = { component: 'postgres', container: 'c', state: 'running', address: '127.0.0.1:32771' };
  const copy = { service: 'shop', name: 'looking', point: 'xid:743', madeAt: '2026-11-23T01:48:00Z', finished: true, servers: [server, { ...server, component: 'redis', state: 'exited', address: null }], volumes: ['v'] };
  expect(copyTable([copy, { ...copy, name: 'half', finished: false, servers: [{ ...server, state: 'created', address: null }] }, { ...copy, name: 'apart', madeAt: null, servers: [] }], 'Europe/Berlin').map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
    ' | COPY | SERVICE | MOMENT | MADE | STORE | ADDRESS', ' | looking | shop | xid:743 | Mon 23 Nov 02:48 | postgres | 127.0.0.1:32771', ' | redis | exited',
    ' | half | shop | xid:743 | Mon 23 Nov 02:48 | postgres | being made, or left unfinished', ' | apart | shop | xid:743 | - | - | its containers are gone, 1 volume left',
  ]);
});

test('what goes with a copy is named, and why it may not yet', () => {
  const removal = { name: 'looking', point: 'latest', makers: [], containers: [{ name: 'c', state: 'running' }], volumes: ['v'], networks: ['n'], digest: '', refusal: { cause: 'it is being made', hint: 'Wait.' } };
  expect(removalLines(removal)).toEqual(['Copy looking, of latest: what was written to it is lost with it.', '  container c (running)', '  volume v', '  network n', '  Not now: it is being made. Wait.']);
});
