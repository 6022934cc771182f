/** A file of an archived log, as recovery asks for it and as an archive has it. */
export interface LogFile {
  /** As recovery asks for it: a segment's or a history's own name. A partial segment is given by the whole one's name, as the last. */
  readonly name: string;
  /** Below the archive's directory. */
  readonly path: string;
  readonly sizeBytes: number;
  /** SHA-256 of the plaintext. */
  readonly sha256: string;
  /** A partial segment's is removed from the archive as soon as a longer one supersedes it: whoever will read it later takes it first. False unless given. */
  readonly fleeting?: boolean;
}
