/** What came of an animal, or of a round of healthy databases. */
import { contentOf } from '../../src/domain/backup-manifest.ts';
import { manifestOf, type StoredBackup } from './stored-backup.ts';

export interface ZooResult {
  readonly name: string;
  /** A sentence each; none where the drill answered what it had to. */
  readonly wrong: readonly string[];
  readonly answer: string;
  readonly seconds: number;
  /** Of what is healthy and was proven; nothing of anything else. */
  readonly compared: Compared;
}

/** A comparison is one database of PostgreSQL, or one numbered database of Redis, that was restored and compared with its manifest. */
export interface Compared {
  readonly databases: number;
  readonly tables: number;
  readonly keyspaces: number;
  readonly keys: number;
}

export const nothingCompared: Compared = { databases: 0, tables: 0, keyspaces: 0, keys: 0 };

/** Of a backup in a drill that was proven, by what the drilled components hold; a copy of a whole server is compared file by file, and no database of it counts. */
export async function comparedIn(backup: StoredBackup, of: (component: string) => boolean = () => true): Promise<Compared> {
  const { components } = await manifestOf(backup);
  return sumOf(components.filter(({ component }) => of(component)).map((component) => {
    const content = contentOf(component);
    if (content === null) return nothingCompared;
    if (content.engine === 'postgres') return { ...nothingCompared, databases: 1, tables: content.tables.length };
    return { ...nothingCompared, keyspaces: content.databases.length, keys: content.databases.reduce((sum, { keys }) => sum + Number(keys), 0) };
  }));
}

export const sumOf = (all: readonly Compared[]): Compared => all.reduce((sum, each) => ({
  databases: sum.databases + each.databases, tables: sum.tables + each.tables, keyspaces: sum.keyspaces + each.keyspaces, keys: sum.keys + each.keys,
}), nothingCompared);

/** What could not even be tried. */
export const notTried = (error: unknown): Pick<ZooResult, 'wrong' | 'answer' | 'compared'> =>
  ({ wrong: [`it could not be made or drilled: ${wordsOf(error)}`], answer: '', compared: nothingCompared });

/** With what stands behind it: of a failed run the SDK says no more than that it failed. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.stack ?? error.message : `${error.message}: ${wordsOf(error.cause)}`;
}
