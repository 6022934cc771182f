/** What `fetch-segment.sh` looks files up in: every file that recovery may ask for and get, by the name it asks with. Pure. */

export interface ListedFile {
  /** As recovery asks for it: a segment's or a history's own name. A partial segment is given by the whole one's name, as the last. */
  readonly name: string;
  /** Below the archive's directory as the server sees it. */
  readonly path: string;
  readonly sizeBytes: number;
  /** SHA-256 of the plaintext. */
  readonly sha256: string;
}

/** A line per file, `<name> <bytes> <sha256> <path>`. What is not listed is not there: beyond the end, or on another timeline. */
export const segmentList = (files: readonly ListedFile[]): string => files.map(({ name, sizeBytes, sha256, path }) => `${name} ${sizeBytes} ${sha256} ${path}\n`).join('');
