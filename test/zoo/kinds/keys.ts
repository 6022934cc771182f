/** Redis files whose keys are not what their manifest says. */
import { setTimeout } from 'node:timers/promises';
import type { CheckClass } from '../../../src/domain/drill/check-class.ts';
import type { Animal } from '../animal.ts';
import { replaceAndResign } from '../stored-backup.ts';
import { writtenBeforeCheck } from '../troubles/servers-of-others.ts';

/** The account of the healthy keys over a file that was taken after these commands. */
const changed = (name: string, commands: readonly (readonly string[])[], found: CheckClass, sentence: RegExp, also: readonly CheckClass[] = []): Animal => ({
  name, of: 'redis', from: { kind: 'keys', commands, account: 'healthy' }, expected: { verdict: 'failed', check: 'content:redis', class: found, sentence, also },
});

const withVersion = (version: string) => (bytes: Buffer): Buffer => Buffer.concat([Buffer.from(`REDIS${version}`), bytes.subarray(9)]);

/** One in either form that a file holds them in; each goes with its last field. */
export const hashesThatGo: readonly (readonly string[])[] = [
  ['HSET', 'brief', 'a', '1', 'b', '2'], ['HPEXPIRE', 'brief', '20000', 'FIELDS', '2', 'a', 'b'],
  ['EVAL', 'for field = 1, 600 do redis.call("HSET", "many", field, field) redis.call("HPEXPIRE", "many", 20000, "FIELDS", 1, field) end return 1', '0'],
  ['HSET', 'half', 'a', '1', 'b', '2'], ['HPEXPIRE', 'half', '20000', 'FIELDS', '1', 'a'],
];

export const keyKinds: readonly Animal[] = [
  changed('key-missing', [['DEL', 'cart:7']], 'keysDiffer', /database 0: keys 55, found 54/, ['digestDiffers']),
  changed('key-unexpected', [['SET', 'stray', '1']], 'keysDiffer', /database 0: keys 55, found 56/, ['digestDiffers']),
  changed('key-renamed', [['RENAME', 'cart:7', 'cart:seven']], 'digestDiffers', /keyspace: digest/),
  changed('key-value-changed', [['SET', 'cart:7', '8 articles']], 'digestDiffers', /keyspace: digest/),
  changed('key-of-another-type', [['DEL', 'tags'], ['RPUSH', 'tags', 'red', 'green']], 'digestDiffers', /keyspace: digest/),
  changed('list-in-another-order', [['RPOPLPUSH', 'queue', 'queue']], 'digestDiffers', /keyspace: digest/),
  changed('score-changed', [['ZINCRBY', 'ranks', '0.5', 'ann']], 'digestDiffers', /keyspace: digest/),
  changed('expiry-gone', [['PERSIST', 'session']], 'keysDiffer', /database 0: expires 1, found 0/, ['digestDiffers']),
  changed('key-in-another-database', [['MOVE', 'cart:7', '5']], 'keysDiffer', /database 5/, ['digestDiffers']),
  changed('library-missing', [['FUNCTION', 'DELETE', 'shelf']], 'detailsDiffer', /functions: count 1, found 0/),
  changed('everything-gone', [['FLUSHALL']], 'keysDiffer', /database 0/, ['digestDiffers']),
  {
    name: 'key-lost-beside-hashes-that-expired', of: 'redis', from: { kind: 'keys', commands: hashesThatGo }, damage: () => setTimeout(20_000), trouble: async (_backup, { service }) => writtenBeforeCheck(service, ['DEL', 'cart:7', 'tags']),
    // One more than the two hashes and the key that may go and has not.
    expected: { verdict: 'failed', check: 'content:redis', class: 'keysDiffer', sentence: /database 0: keys 58, found 54/ },
  },
  {
    name: 'rdb-of-a-foreign-version', of: 'redis', from: { kind: 'service' }, damage: (backup) => replaceAndResign(backup, 'rdb', withVersion('0099')),
    expected: { verdict: 'couldNotVerify', check: 'content:redis', class: 'versionUnfit', sentence: /version/i },
  },
];
