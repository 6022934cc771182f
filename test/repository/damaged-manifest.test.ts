/** Every way in which the bytes of a manifest can differ from what was written: always refused, and never read as anything else. */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BackupManifest } from '../../src/domain/backup-manifest.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import { isFailure, type FailureType } from '../../src/domain/failures.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { failing } from '../support/failing.ts';
import { committed } from './sample-manifest.ts';

const at = Date.UTC(2026, 10, 23, 1, 0, 0);
const objects = new Map<string, Uint8Array>();
let repository: Repository;
let manifest: BackupManifest;
let whole: Buffer;
let path: string;
beforeAll(async () => {
  repository = createRepository('nas', createInMemoryStorage(objects));
  manifest = await committed(repository, 'shop', 'a', at);
  path = `shop/backups/${manifest.backupId}/manifest.json`;
  whole = Buffer.from(objects.get(path) as Uint8Array);
});

/** How reading these bytes in the place of the manifest ends. */
async function reading(bytes: Uint8Array): Promise<FailureType | 'the same' | 'something else'> {
  objects.set(path, bytes);
  try {
    const read = await repository.readManifest('shop', manifest.backupId);
    return canonicalJson(read.manifest) === canonicalJson(manifest) ? 'the same' : 'something else';
  } catch (error) {
    if (isFailure(error)) return error.type;
    throw error;
  } finally {
    objects.set(path, whole);
  }
}

const sealed = (value: object): Buffer => Buffer.from(canonicalJson({ ...value, manifestSha256: createHash('sha256').update(canonicalJson(value)).digest('hex') }));

describe('a manifest', () => {
  it('is read when nothing happened to it', async () => {
    expect(await reading(whole)).toBe('the same');
  });

  it('is refused with any bit of any byte flipped', async () => {
    const outcomes = new Map<string, number>();
    for (let offset = 0; offset < whole.byteLength; offset += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const flipped = Buffer.from(whole);
        flipped[offset] = (whole[offset] as number) ^ (1 << bit);
        const outcome = await reading(flipped);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    }
    // `"format":1` with a bit more is a newer format; everything else is damage.
    expect([...outcomes.keys()].sort()).toEqual(['ManifestDamaged', 'UnsupportedFormat']);
    expect(outcomes.get('UnsupportedFormat')).toBeLessThan(8);
    expect([...outcomes.values()].reduce((sum, count) => sum + count)).toBe(whole.byteLength * 8);
  });

  it('is refused cut off anywhere', async () => {
    for (let length = 0; length < whole.byteLength; length += 1) expect(await reading(whole.subarray(0, length)), `${length} bytes`).toBe('ManifestDamaged');
  });

  it('is refused with anything before, behind or in the middle of it', async () => {
    for (const extra of ['\n', ' ', '\0', '{}', '\ufeff', 'x', whole.toString()]) {
      expect(await reading(Buffer.concat([whole, Buffer.from(extra)]))).toBe('ManifestDamaged');
      expect(await reading(Buffer.concat([Buffer.from(extra), whole]))).toBe('ManifestDamaged');
    }
    for (let offset = 1; offset < whole.byteLength; offset += 7) expect(await reading(Buffer.concat([whole.subarray(0, offset), Buffer.from(' '), whole.subarray(offset)])), `at ${offset}`).toBe('ManifestDamaged');
  });

  it('is refused with a run of zeros in it', async () => {
    for (const length of [1, 16, 512]) {
      for (let offset = 0; offset + length <= whole.byteLength; offset += 97) expect(await reading(Buffer.from(whole).fill(0, offset, offset + length))).toBe('ManifestDamaged');
    }
  });

  it('is refused with a byte missing or two bytes exchanged', async () => {
    for (let offset = 0; offset + 1 < whole.byteLength; offset += 1) {
      expect(await reading(Buffer.concat([whole.subarray(0, offset), whole.subarray(offset + 1)]))).toBe('ManifestDamaged');
      const [a, b] = [whole[offset] as number, whole[offset + 1] as number];
      if (a === b) continue;
      const exchanged = Buffer.from(whole);
      exchanged[offset] = b;
      exchanged[offset + 1] = a;
      expect(await reading(exchanged), `at ${offset}`).toBe('ManifestDamaged');
    }
  });

  it.each([
    ['indented', (text: string) => JSON.stringify(JSON.parse(text), null, 1)],
    ['in another order', (text: string) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).reverse()))],
    ['with a key twice', (text: string) => text.replace('{"backupId":', '{"backupId":"20200101-000000","backupId":')],
    ['with a key twice at its end', (text: string) => text.replace(/}$/, ',"service":"bank"}')],
    ['with a number written otherwise', (text: string) => text.replace('"sequence":1', '"sequence":1.0')],
    ['with escapes written otherwise', (text: string) => text.replace('"shop"', '"\\u0073hop"')],
    ['with a hash in capitals', (text: string) => text.replace(/"manifestSha256":"[0-9a-f]+"/, (found) => found.toUpperCase())],
    ['without its hash', (text: string) => text.replace(/,"manifestSha256":"[0-9a-f]+"/, '')],
    ['with a hash of the wrong type', (text: string) => text.replace(/"manifestSha256":"[0-9a-f]+"/, '"manifestSha256":null')],
  ])('is refused %s', async (_how, change) => {
    const changed = change(whole.toString());
    expect(changed).not.toBe(whole.toString());
    expect(await reading(Buffer.from(changed))).toBe('ManifestDamaged');
  });

  it('is refused in another encoding', async () => {
    expect(await reading(Buffer.from(whole.toString(), 'utf16le'))).toBe('ManifestDamaged');
    expect(await reading(Buffer.concat([whole.subarray(0, 20), Buffer.from([0xff, 0xfe]), whole.subarray(20)]))).toBe('ManifestDamaged');
  });
});

describe('a manifest whose hash is right', () => {
  it('is refused in a newer format, and in no format', async () => {
    expect(await reading(sealed({ ...manifest, format: 4, surprise: true }))).toBe('UnsupportedFormat');
    expect(await reading(sealed({ ...manifest, format: 0 }))).toBe('ManifestDamaged');
    expect(await reading(sealed({ ...manifest, format: '1' }))).toBe('ManifestDamaged');
    expect(await reading(sealed({ ...manifest, format: undefined }))).toBe('ManifestDamaged');
  });

  it.each<[string, object]>([
    ['of another service', { service: 'bank' }], ['of another backup', { backupId: '20261123-010001' }], ['of another repository', { repositoryId: '00000000-0000-4000-8000-000000000000' }],
    ['with a path that leads elsewhere', { components: [{ attempt: 'a', component: 'b', engine: 'redis' }] }], ['with a member more', { surprise: 1 }], ['with no components', { components: [] }],
  ])('is refused %s', async (_what, change) => {
    expect(await reading(sealed({ ...manifest, ...change }))).toBe('ManifestDamaged');
  });

  it.each(['__proto__', 'constructor', 'toString'])('is refused with a member called %s, anywhere', async (name) => {
    const withMember = (value: unknown): object => JSON.parse(canonicalJson(value).replace('"objects":{', `"objects":{"${name}":{"polluted":"1"},`)) as object;
    expect(await reading(sealed(withMember(manifest)))).toBe('ManifestDamaged');
    expect(await reading(sealed(JSON.parse(`{"${name}":"1",${canonicalJson(manifest).slice(1)}`) as object))).toBe('ManifestDamaged');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('is never read with less in it than stands there', async () => {
    const hidden = JSON.parse(canonicalJson(manifest).replace('"objects":{', '"objects":{"__proto__":"1",')) as object;
    expect(await reading(sealed(hidden))).toBe('ManifestDamaged');
  });
});

describe('manifests that were exchanged', () => {
  it('are refused: between backups, services and repositories, all pairs', async () => {
    const stored = [createRepository('a', createInMemoryStorage(objects)), createRepository('b', createInMemoryStorage())] as const;
    const places: { store: Repository; manifest: BackupManifest }[] = [];
    for (const [index, store] of stored.entries()) {
      for (const service of ['bank', 'museum']) for (const name of ['x', 'y']) places.push({ store, manifest: await committed(store, service, `${name}${index}`, at) });
    }
    const bytesAt = (place: (typeof places)[number]): Promise<Uint8Array> => place.store.storage.readSmall(`${place.manifest.service}/backups/${place.manifest.backupId}/manifest.json`, 1e6);
    let refusals = 0;
    for (const target of places) {
      const file = `${target.manifest.service}/backups/${target.manifest.backupId}/manifest.json`;
      const own = await bytesAt(target);
      for (const source of places.filter((place) => place !== target)) {
        const foreign = await bytesAt(source);
        await target.store.storage.remove(file);
        await target.store.storage.createExclusive(file, foreign);
        await failing('ManifestDamaged', target.store.readManifest(target.manifest.service, target.manifest.backupId));
        refusals += 1;
        await target.store.storage.remove(file);
        await target.store.storage.createExclusive(file, own);
      }
      expect((await target.store.readManifest(target.manifest.service, target.manifest.backupId)).manifest).toEqual(target.manifest);
    }
    expect(refusals).toBe(8 * 7);
  });

  it('are not found when they were removed', async () => {
    await failing('UnknownBackup', repository.readManifest('shop', '20200101-000000'));
    await failing('UnknownBackup', repository.readManifest('nothing', manifest.backupId));
  });
});

describe('a manifest that is a bomb', () => {
  const megabyte = 1024 * 1024;
  it.each<[string, () => string]>([
    ['deep arrays', () => '['.repeat(20 * megabyte)],
    ['deep arrays that close', () => '['.repeat(3 * megabyte) + ']'.repeat(3 * megabyte)],
    ['deep objects', () => '{"a":'.repeat(4 * megabyte)],
    ['deep objects in a manifest', () => whole.toString().replace('"backupId"', `"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)},"backupId"`)],
  ])('is refused before the parser gets it: %s', async (_what, make) => {
    const bytes = Buffer.from(make());
    const before = process.memoryUsage().rss;
    objects.set(path, bytes);
    const { fields } = await failing('ManifestDamaged', repository.readManifest('shop', manifest.backupId)).finally(() => objects.set(path, whole));
    expect(fields.cause).toContain('nested');
    // The text itself, decoded, is all that may be held: a parsed tree of it would be hundreds of megabytes.
    expect(process.memoryUsage().rss - before).toBeLessThan(4 * bytes.byteLength + 64 * megabyte);
  });

  it('is told from one that has brackets in its texts', async () => {
    const table = `"\\\"${'[{'.repeat(500)}"`;
    const strange = { ...manifest, components: manifest.components.map((component) => (component.engine === 'postgres' && component.method === 'dump' ? { ...component, content: { ...component.content, tables: [{ table, rows: '1', hash: null }] } } : component)) };
    expect(await reading(sealed(strange))).toBe('something else');
  });

  it('is refused by its size, unread', async () => {
    expect(await reading(new Uint8Array(65 * megabyte))).toBe('RepositoryDamaged');
  });
});
