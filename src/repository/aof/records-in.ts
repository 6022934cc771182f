/** Which increments stood behind which base, and how the server stood when: documents, a batch of looks each. */
import type { AofBase, AofLook } from '../../domain/aof/aof-history.ts';
import type { BackupStorage } from '../../storage/storage.ts';
import { createOrMatch, documentNames, listedAnew, notWhatItClaims, readDocument, sha256Of } from '../documents.ts';
import type { AofArchive, AofKey } from '../aof-archive.ts';
import { directoryOf, isAofId, sequenceOf } from './object-names.ts';

type RecordMethods = 'storeChain' | 'storeLooks' | 'histories' | 'looks' | 'span';

export function recordsIn(storage: BackupStorage, beforeWriting: () => Promise<unknown>): Pick<AofArchive, RecordMethods> {
  async function store(path: string, document: object): Promise<void> {
    await beforeWriting();
    if (!(await createOrMatch(storage, path, document))) throw notWhatItClaims('RepositoryDamaged', path, 'it is not what its name says');
  }
  return {
    storeChain: (key, base, increments, second) => {
      const document = { format: 1, base, increments, second };
      return store(`${directoryOf(key)}/chains/${base}/${second}-${shortOf(document)}.json`, document);
    },
    async storeLooks(key, looks, replaces = []) {
      if (looks.length === 0) return;
      await store(batchPath(key, looks), { format: 1, looks });
      if (replaces.length > 0 && batchPath(key, replaces) !== batchPath(key, looks)) await storage.remove(batchPath(key, replaces));
    },
    async histories(key, bases) {
      const found: AofBase[] = [];
      for (const { id, createdSecond } of bases) found.push({ id, sequence: sequenceOf(id), createdSecond, increments: await newestChain(storage, key, id) });
      return found;
    },
    async looks(key) {
      const { looks } = await readBatches(storage, key, Infinity);
      return looks.sort((a, b) => a.second - b.second);
    },
    async span(key) {
      const { names, looks } = await readBatches(storage, key, 1);
      const [first, newest] = [names[0], looks.findLast(({ state }) => state === 'on')];
      return first === undefined || newest === undefined ? null : { beginSecond: secondOf(first), coveredSecond: newest.coveredSecond };
    },
  };
}

/** Names of the batches, oldest first. */
const batchesOf = async (storage: BackupStorage, key: AofKey): Promise<readonly string[]> => (await documentNames(storage, `${directoryOf(key)}/looks`)).toSorted((a, b) => secondOf(a) - secondOf(b));

/** So many of the newest batches, and the names of all. The newest is read first: a longer one takes its place every few seconds. */
const readBatches = (storage: BackupStorage, key: AofKey, newest: number): Promise<{ readonly names: readonly string[]; readonly looks: AofLook[] }> =>
  listedAnew(`${directoryOf(key)}/looks`, async () => {
    const names = await batchesOf(storage, key);
    const batches: (readonly AofLook[])[] = [];
    for (const name of names.slice(-newest).reverse()) {
      const path = `${directoryOf(key)}/looks/${name}.json`;
      const document = await readDocument(storage, path);
      if (document === null) return null;
      batches.unshift(looksOf(path, document));
    }
    return { names, looks: batches.flat() };
  });

const batchPath = (key: AofKey, looks: readonly AofLook[]): string => `${directoryOf(key)}/looks/${looks[0]?.second ?? 0}-${looks.at(-1)?.second ?? 0}-${shortOf({ format: 1, looks })}.json`;

const shortOf = (document: object): string => sha256Of(document).slice(0, 16);
/** A name begins with it. */
const secondOf = (name: string): number => Number(name.split('-')[0]);

/** None where the copy of the base came, and then nothing more. */
async function newestChain(storage: BackupStorage, key: AofKey, base: string): Promise<readonly string[]> {
  const directory = `${directoryOf(key)}/chains/${base}`;
  const documents: { readonly second: number; readonly increments: readonly string[] }[] = [];
  for (const name of await documentNames(storage, directory)) {
    const document = await readDocument(storage, `${directory}/${name}.json`);
    // The base went before it, since they were listed.
    if (document === null) continue;
    const { format, base: named, increments, second } = document;
    if (format !== 1 || named !== base || typeof second !== 'number' || !Array.isArray(increments) || !increments.every((each) => typeof each === 'string' && isAofId(each))) throw notWhatItClaims('RepositoryDamaged', `${directory}/${name}.json`, 'it names no increments of this base');
    documents.push({ second, increments: increments as readonly string[] });
  }
  // In one second more may have been named: none is ever named less.
  return documents.sort((a, b) => a.second - b.second || a.increments.length - b.increments.length).at(-1)?.increments ?? [];
}

function looksOf(path: string, document: Readonly<Record<string, unknown>>): readonly AofLook[] {
  const looks = document['format'] === 1 && Array.isArray(document['looks']) ? document['looks'] as readonly Partial<AofLook>[] : null;
  const isLook = ({ second, state, base, coveredSecond, increment, sizeBytes, settings }: Partial<AofLook>): boolean => Number.isSafeInteger(second) && (state === 'on' || state === 'off')
    && (base === null || typeof base === 'string') && Number.isSafeInteger(coveredSecond) && (increment === null || typeof increment === 'string') && Number.isSafeInteger(sizeBytes) && (settings === null || typeof settings === 'string');
  if (looks?.every(isLook) === true) return looks as readonly AofLook[];
  throw notWhatItClaims('RepositoryDamaged', path, 'it holds no looks');
}
