/** Whether text is sorted here as it was where the indexes on it were written (databases.md L9). Pure. */

/** What sorts, by the version of its library; null of a library that has none, as musl's. The two differ. */
export interface SortedOtherwise {
  /** A database, or a collation that one uses. */
  readonly name: string;
  /** When it was last used to sort, by the catalog. */
  readonly recorded: string | null;
  readonly here: string | null;
}

/** What collations.sql prints. */
export interface CollationFacts {
  /** Of the whole server. */
  readonly databases: readonly SortedOtherwise[];
  /** Of those that the database which was asked uses. */
  readonly collations: readonly SortedOtherwise[];
  /** The other databases that can be asked. */
  readonly others: readonly string[];
}

/**
 * Are its indexes of no use here? A version that became none, or one that came where none was, is another library: unless the image is the very one of the backup. Then the data was moved
 * between libraries before, and what is here sorts as the server did that was backed up; PostgreSQL refuses to write that down (REFRESH COLLATION VERSION knows no way from or to none).
 */
export const isOtherLibrary = ({ recorded, here }: SortedOtherwise, isSameImage: boolean): boolean => !isSameImage || (recorded !== null && here !== null);

/** `shop 2.36, here without a version` */
export const sortedText = ({ name, recorded, here }: SortedOtherwise): string => `${name} ${recorded ?? noVersion}, here ${here ?? noVersion}`;

const noVersion = 'without a version';

/** For the plan: what is no refusal, and nobody can vouch for. */
export const movedNotes = (moved: readonly SortedOtherwise[]): readonly string[] => (moved.length === 0 ? [] : [
  `Text was sorted by another library once, on the server that was backed up as here, whose image is the same (${moved.slice(0, 3).map(sortedText).join('; ')}${moved.length > 3 ? '; …' : ''}). Where it was not reindexed since, its indexes answer wrongly: REINDEX DATABASE.`,
]);
