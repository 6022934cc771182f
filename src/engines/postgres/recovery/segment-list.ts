/** What `fetch-segment.sh` looks files up in: every file that recovery may ask for and get, by the name it asks with. Pure. */
import type { LogFile } from '../../../domain/wal/log-file.ts';

/** A line per file, `<name> <bytes> <sha256> <path>`, and `fleeting` for one that may be gone soon. What is not listed is not there: beyond the end, or on another timeline. */
export const segmentList = (files: readonly LogFile[]): string => files.map(({ name, sizeBytes, sha256, path, fleeting }) => `${name} ${sizeBytes} ${sha256} ${path}${fleeting === true ? ' fleeting' : ''}\n`).join('');
