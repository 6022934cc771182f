/** The RDB scan: real files, every truncation, and files made up by the format's own rules. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFailure } from '../../../src/domain/failures.ts';
import { decompressLzf } from '../../../src/engines/redis/rdb/lzf.ts';
import { notComparedOf } from '../../../src/engines/redis/not-compared.ts';
import { type RdbFile, scanRdb } from '../../../src/engines/redis/rdb/rdb-file.ts';

const fixture = (name: string): Buffer => readFileSync(new URL(`./fixtures/${name}.rdb`, import.meta.url));
const chunked = async function* (bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
};
const scan = (bytes: Uint8Array, chunk = 65_536, atMs?: number): Promise<RdbFile> => scanRdb(chunked(bytes, chunk), 'test', atMs);
const refusal = async (bytes: Uint8Array): Promise<string | null> => scan(bytes).then(() => null, (error: unknown) => (isFailure(error, 'ArtifactDamaged') ? error.fields.cause : String(error)));

describe('real files', () => {
  test('Redis 7: counts, functions, origin', async () => {
    expect(await scan(fixture('redis-7'))).toEqual({
      signature: 'REDIS', version: 10, serverVersion: '7.0.15', createdAtSeconds: 1795470006, usedMemoryBytes: 1266872, checksummed: true, sizeBytes: 559,
      counts: { databases: [{ database: 0, keys: '10', expires: '2' }, { database: 3, keys: '2', expires: '0' }], functions: 1, details: expect.stringMatching(/^[0-9a-f]{32}$/) }, countsMissing: null, moduleValues: new Map(), expiringHashes: new Map(), moduleAux: [],
    });
  });

  test('Redis 8: every encoding, field expiry, streams, a vector set, eviction counters', async () => {
    const file = await scan(fixture('redis-8-encodings'));
    expect(file).toMatchObject({ version: 12, countsMissing: null, counts: { databases: [{ database: 0, keys: '22', expires: '1' }] }, moduleValues: new Map([['vectorset', 1]]), moduleAux: [] });
  });

  test('the size of the chunks does not matter', async () => {
    const bytes = fixture('redis-8-encodings');
    const whole = await scan(bytes);
    for (const size of [1, 2, 7, 100, 4096]) expect(await scan(bytes, size)).toEqual(whole);
  });

  test('every truncation is refused', async () => {
    for (const name of ['redis-7', 'redis-8']) {
      const bytes = fixture(name);
      for (let length = 0; length < bytes.length; length += 1) expect(await refusal(bytes.subarray(0, length)), `${name} cut to ${length}`).not.toBeNull();
    }
  });

  test('what follows the end is refused, the end mark of diskless replication by its name', async () => {
    const bytes = fixture('redis-8');
    expect(await refusal(Buffer.concat([bytes, Buffer.from('x')]))).toBe('1 bytes follow its end');
    expect(await refusal(Buffer.concat([bytes, Buffer.alloc(40, 'a')]))).toContain('end mark of a replication stream');
  });

  test('a count that the file contradicts is refused', async () => {
    const bytes = Buffer.from(fixture('redis-7'));
    const resize = bytes.indexOf(Buffer.from([251, 10, 2]));
    expect(resize).toBeGreaterThan(0);
    bytes[resize + 1] = 11;
    expect(await refusal(bytes)).toContain('holds 10 keys and announces 11');
  });

  test('a kind of value that is not known leaves no counts, not wrong ones', async () => {
    const file = await scan(rdb([[0xfe, 0], [99, ...text('key'), 1, 2, 3]]));
    expect(file).toMatchObject({ counts: null, countsMissing: 'a value or section of kind 99' });
  });

  test('what is no RDB file is refused', async () => {
    expect(await refusal(Buffer.from('-NOAUTH Authentication required.\r\n'))).toContain('does not begin like an RDB file');
    expect(await refusal(Buffer.alloc(0))).toContain('ends early');
    expect(await refusal(Buffer.from('OCI runtime exec failed: no such file'))).toContain('does not begin');
  });

  test('never anything but an account or ArtifactDamaged, whatever a byte turns into', async () => {
    const bytes = fixture('redis-8');
    await fc.assert(fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ flip;
      await scan(damaged).catch((error: unknown) => {
        if (!isFailure(error, 'ArtifactDamaged')) throw error;
      });
    }), { numRuns: 2_000 });
  });
});

describe('values of modules', () => {
  // Nine letters of six bits and a version: "ReJSON-RL" with version 3 is what RedisJSON writes.
  const json = [0x81, ...Buffer.from('45e25238df912c03', 'hex')];
  const value = (name: string): number[] => [7, ...text(name), ...json, 5, ...text('{"a":1}'), 0];

  test('are counted by the type that the module gave them, and said not to be compared', async () => {
    const file = await scan(rdb([[0xf7, ...json, 2, 2, 2, 7, 0], [0xfe, 0], value('a'), value('b'), [0, ...text('c'), ...text('d')]]), 1);
    expect(file).toMatchObject({ countsMissing: null, counts: { databases: [{ database: 0, keys: '3' }] }, moduleValues: new Map([['ReJSON-RL', 2]]), moduleAux: ['ReJSON-RL'] });
    expect(notComparedOf(file).map(({ object }) => object)).toEqual(expect.arrayContaining(['values of module types ReJSON-RL (2 keys)', 'data of modules ReJSON-RL outside keys']));
  });

  test('vector sets are compared by the digest, and not listed', async () => {
    const listed = notComparedOf(await scan(fixture('redis-8-encodings'))).map(({ object }) => object);
    expect(listed.join()).not.toContain('module');
    expect(listed).toEqual(['times to live of single hash fields', 'ACL users and configuration']);
  });
});

describe('hashes whose fields expire', () => {
  const min = [1, 2, 3, 4, 5, 6, 0, 0];
  const minMs = 0x0605_0403_0201;
  const listpack = (lasting: boolean, from = text): number[] => [25, ...text('small'), ...min, ...from('\x05\0\0\0\x02\0\x81f\x02\x81v\x02' + (lasting ? '\0\x01' : '\xf4\x08\x02\x03\x04\x05\x06\0\0\x09') + '\xff')];
  const latin = (value: string): number[] => [...length(value.length), ...Buffer.from(value, 'latin1')];
  const laidOut = (times: readonly number[]): number[] => [24, ...text('large'), ...min, ...length(times.length), ...times.flatMap((time, field) => [...length(time), ...text(`f${field}`), ...text('v')])];
  const hashesAt = async (atMs: number, ...sections: readonly (readonly number[])[]): Promise<unknown> => (await scan(rdb([[0xfe, 2], ...sections, [0, ...text('c'), ...text('d')]]), 1, atMs)).expiringHashes;
  const hashes = (...sections: readonly (readonly number[])[]): Promise<unknown> => hashesAt(Number.MAX_SAFE_INTEGER, ...sections);

  test('are counted where no field stays, unless the key has a time to live of its own', async () => {
    expect(await hashes(laidOut([1, 70_000, 5]))).toEqual(new Map([[2, 1]]));
    expect(await hashes(laidOut([1, 0, 5]))).toEqual(new Map());
    expect(await hashes(listpack(false, latin), laidOut([1]))).toEqual(new Map([[2, 2]]));
    expect(await hashes(listpack(true, latin))).toEqual(new Map());
    expect(await hashes([0xfc, ...min, ...laidOut([1])], [0xfc, ...min, ...listpack(false, latin)])).toEqual(new Map());
    // One literal run each, as liblzf writes what does not shrink.
    const compressed = (value: string): number[] => [0xc3, ...length(value.length + 1), ...length(value.length), value.length - 1, ...Buffer.from(value, 'latin1')];
    expect(await hashes(listpack(false, compressed))).toEqual(new Map([[2, 1]]));
    expect(await hashes(listpack(true, compressed))).toEqual(new Map());
  });

  test('have gone with the last of their fields, and not before', async () => {
    expect(await hashesAt(minMs + 6_998, laidOut([1, 7_000, 5]))).toEqual(new Map());
    expect(await hashesAt(minMs + 6_999, laidOut([1, 7_000, 5]))).toEqual(new Map([[2, 1]]));
    expect(await hashesAt(minMs + 6, listpack(false, latin))).toEqual(new Map());
    expect(await hashesAt(minMs + 7, listpack(false, latin))).toEqual(new Map([[2, 1]]));
  });
});

describe('details', () => {
  const details = async (sections: readonly (readonly number[])[]): Promise<string | undefined> => (await scan(rdb(sections))).counts?.details;
  const key = (name: string, expiry: readonly number[] = []): number[] => [...(expiry.length === 0 ? [] : [0xfc, ...expiry]), 0, ...text(name), ...text('value')];
  const [soon, late] = [[1, 0, 0, 0, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0, 0, 0]] as const;

  test('the order does not matter; time, key and database do', async () => {
    const base = await details([[0xfe, 0], key('a', soon), key('b', late)]);
    expect(await details([[0xfe, 0], key('b', late), key('plain'), key('a', soon)])).toBe(base);
    expect(await details([[0xfe, 0], key('a', late), key('b', soon)])).not.toBe(base);
    expect(await details([[0xfe, 0], key('a', soon), key('c', late)])).not.toBe(base);
    expect(await details([[0xfe, 1], key('a', soon), key('b', late)])).not.toBe(base);
  });

  test('compression and integer encodings do not matter', async () => {
    // "aaaaaaaaaaaaaaaaaaaaaa" as liblzf writes it: one literal, then a reference into itself.
    const plain = 'a'.repeat(22);
    const compressed = [0xc3, 5, 22, 0, 0x61, 0xe0, 12, 0];
    const stored = (encoded: readonly number[]): number[] => [0xfc, ...soon, 0, ...encoded, ...text('v')];
    expect(await details([[0xfe, 0], stored(compressed)])).toBe(await details([[0xfe, 0], stored(text(plain))]));
    expect(await details([[0xfe, 0], stored([0xc0, 0xf9])])).toBe(await details([[0xfe, 0], stored(text('-7'))]));
  });
});

test('a compressed string is taken for nothing but what it makes', () => {
  expect(decompressLzf(Buffer.from([0, 0x61, 0xe0, 12, 0]), 22)?.toString()).toBe('a'.repeat(22));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(5_000), (input, size) => {
    const output = decompressLzf(input, size);
    expect(output === null || output.length === size).toBe(true);
  }));
});

describe('made up by the rules', () => {
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => ({ type: 0, bytes: [...length(bytes.length), ...bytes] })),
    fc.array(fc.string({ maxLength: 80 }), { minLength: 1, maxLength: 20 }).map((items) => ({ type: 1, bytes: [...length(items.length), ...items.flatMap(text)] })),
    fc.array(fc.tuple(fc.string(), fc.string()), { minLength: 1, maxLength: 20 }).map((pairs) => ({ type: 4, bytes: [...length(pairs.length), ...pairs.flat().flatMap(text)] })),
    fc.array(fc.string(), { minLength: 1, maxLength: 20 }).map((members) => ({ type: 5, bytes: [...length(members.length), ...members.flatMap((member) => [...text(member), ...new Array<number>(8).fill(7)])] })),
  );
  const database = fc.array(fc.tuple(fc.string(), value, fc.boolean()), { minLength: 1, maxLength: 30 });

  test('keys and expires of every database are counted', async () => {
    await fc.assert(fc.asyncProperty(fc.array(database, { maxLength: 4 }), fc.integer({ min: 1, max: 500 }), async (databases, chunk) => {
      const sections = databases.flatMap((keys, number) => [[0xfe, number], ...keys.map(([key, each, expires]) => [...(expires ? [0xfc, 1, 2, 3, 4, 5, 6, 7, 8] : []), each.type, ...text(key), ...each.bytes])]);
      const file = await scan(rdb(sections), chunk);
      expect(file.counts?.databases).toEqual(databases.map((keys, number) => ({ database: number, keys: String(keys.length), expires: String(keys.filter(([, , expires]) => expires).length) })));
    }), { numRuns: 200 });
  });
});

function length(value: number): number[] {
  if (value < 64) return [value];
  if (value < 16_384) return [0x40 | (value >> 8), value & 0xff];
  return [0x80, 0, 0, value >> 8, value & 0xff];
}

function text(value: string): number[] {
  const bytes = Buffer.from(value, 'utf8');
  return [...length(bytes.length), ...bytes];
}

function rdb(sections: readonly (readonly number[])[]): Buffer {
  return Buffer.concat([Buffer.from('REDIS0012'), Buffer.from(sections.flat()), Buffer.from([0xff, 1, 2, 3, 4, 5, 6, 7, 8])]);
}
