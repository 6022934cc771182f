/** What `fetch-segment.sh` looks files up in: every file that recovery may ask for and get, by the name it asks with. Pure. */
import type { LogFile } from '../../../domain/wal/log-file.ts';

/** A line per file, `<name> <bytes> <sha256> <path>`. What is not listed is not there: beyond the end, or on another timeline. */
export const segmentList = (files: readonly LogFile[]): string => files.map(({ name, sizeBytes, sha256, path }) => `${name} ${sizeBytes} ${sha256} ${path}\n`).join('');
