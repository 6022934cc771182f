/** An incremental file, cut at any second and taken in pieces of any size: exactly the commands of that second and before. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseAofManifest } from '../../../src/domain/aof/aof-manifest.ts';
import { IncrementScan, type ScannedIncrement } from '../../../src/domain/aof/scan-increment.ts';

const command = (...parts: readonly string[]): string => `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;

interface Entry {
  readonly second: number;
  /** The commands of a transaction, or one alone. */
  readonly values: readonly string[];
}

/** Values that look like what a file is made of. */
const value = fc.oneof(fc.string(), fc.constantFrom('#TS:1\r\n', '*1\r\n$4\r\nEXEC\r\n', 'MULTI', '\r\n', ''));
const entries = fc.array(fc.record({ second: fc.integer({ min: 0, max: 20 }), values: fc.array(value, { minLength: 1, maxLength: 3 }) }), { maxLength: 12 })
  .map((list) => list.toSorted((a, b) => a.second - b.second));

/** As Redis writes it: an annotation before the first command of a second. */
function written(list: readonly Entry[]): readonly { readonly second: number; readonly text: string }[] {
  let last = -1;
  return list.map(({ second, values }) => {
    const body = values.length === 1 ? command('set', 'k', values[0] as string) : [command('MULTI'), ...values.map((each) => command('set', 'k', each)), command('EXEC')].join('');
    const text = second === last ? body : `#TS:${second}\r\n${body}`;
    last = second;
    return { second, text };
  });
}

function scanned(bytes: Uint8Array, second: number, piece: number): ScannedIncrement | null {
  const scan = new IncrementScan(second);
  for (let at = 0; at < bytes.length; at += piece) if (!scan.take(bytes.subarray(at, at + piece))) return null;
  return scan.found;
}

it('is cut where a later second begins, whatever its values look like and in whatever pieces it comes', () => {
  fc.assert(fc.property(entries, fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 40 }), (list, second, piece) => {
    const file = written(list);
    const bytes = Buffer.from(file.map(({ text }) => text).join(''));
    const wanted = Buffer.byteLength(file.filter((each) => each.second <= second).map(({ text }) => text).join(''));
    const found = scanned(bytes, second, piece);
    expect(found?.cutBytes ?? found?.wholeBytes).toBe(wanted);
    expect(found?.cutBytes === null).toBe(wanted === bytes.length);
    expect(found?.firstSecond).toBe(list[0]?.second ?? null);
    expect(found?.lastSecond).toBe(list.at(-1)?.second ?? null);
    expect(found?.beginsAnnotated).toBe(list.length > 0);
  }));
});

it('is whole up to the last command outside a transaction, wherever it is cut off', () => {
  fc.assert(fc.property(entries, fc.nat(2000), (list, at) => {
    const texts = written(list).map(({ text }) => text);
    const bytes = Buffer.from(texts.join('')).subarray(0, at);
    const whole = scanned(bytes, 20, 7)?.wholeBytes ?? -1;
    // Behind it lies less than an entry, at most with its annotation.
    const ends = [0, ...texts.map((_, index) => Buffer.byteLength(texts.slice(0, index + 1).join('')))];
    const least = ends.filter((end) => end <= bytes.length).at(-1) ?? 0;
    expect(whole === least || /^#TS:\d+\r\n$/.test(bytes.subarray(least, whole).toString())).toBe(true);
  }));
});

it('says that what stands before the first annotation is of no known second', () => {
  const file = `${command('SELECT', '0')}${command('set', 'a', '1')}#TS:7\r\n${command('set', 'b', '1')}`;
  expect(scanned(Buffer.from(file), 6, 5)).toMatchObject({ beginsAnnotated: false, firstSecond: 7, cutBytes: file.indexOf('#') });
});

it.each(['REDIS0011', '*1\r\n$3\r\nfoobar\r\n', '*0\r\n', '$3\r\nfoo\r\n', 'set a 1\r\n', '*2\r\n#TS:1\r\n', '#TS:now\n', 'x'.repeat(100)])('refuses what is no AOF: %j', (text) => {
  expect(scanned(Buffer.from(text), 5, 3)).toBeNull();
});

it('reads manifests of every version, and none that it does not understand', () => {
  expect(parseAofManifest('file appendonly.aof.2.base.rdb seq 2 type b\nfile appendonly.aof.1.base.rdb seq 1 type h\nfile appendonly.aof.2.incr.aof seq 2 type i startoffset 9 endoffset 30\nfile appendonly.aof.3.incr.aof seq 3 type i startoffset 31\n'))
    .toEqual({ base: { name: 'appendonly.aof.2.base.rdb', sequence: 2 }, increments: [{ name: 'appendonly.aof.2.incr.aof', sequence: 2 }, { name: 'appendonly.aof.3.incr.aof', sequence: 3 }] });
  expect(parseAofManifest('file a.1.incr.aof seq 1 type i\n')).toEqual({ base: null, increments: [{ name: 'a.1.incr.aof', sequence: 1 }] });
  for (const text of ['file "my aof.1.base.rdb" seq 1 type b', 'file ../x seq 1 type b', 'file a seq 1 type b\nfile b seq 2 type b', 'file a seq 2 type i\nfile b seq 1 type i', 'nonsense']) expect(parseAofManifest(text)).toBeNull();
});
