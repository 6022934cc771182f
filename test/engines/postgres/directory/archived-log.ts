/** An archive of a server's log as recovery finds it: the server's own archive_command fills a directory. */
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pollUntil } from '../../../../src/containers/wait-until.ts';
import type { LogFile } from '../../../../src/domain/wal/log-file.ts';
import type { KeptLog } from '../../../../src/engines/engine-context.ts';
import type { PostgresOptions, TestPostgres } from '../postgres-fixture.ts';

const segmentBytes = 16 * 1024 * 1024;

export interface ArchivedLog extends AsyncDisposable {
  readonly directory: string;
  readonly archive: NonNullable<KeptLog['archive']>;
  /** For {@link PostgresOptions}. */
  readonly options: Required<Pick<PostgresOptions, 'args' | 'mounts'>>;
  /** Switches the segment and waits until it is there; then everything there is, histories among it, in the order of names. */
  files(postgres: TestPostgres): Promise<readonly LogFile[]>;
}

export async function openArchive(): Promise<ArchivedLog> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-wal-'));
  await chmod(directory, 0o777);
  const list = async (): Promise<readonly LogFile[]> => Promise.all((await readdir(directory)).filter((name) => /^[0-9A-F]{24}$|^[0-9A-F]{8}\.history$/.test(name)).sort().map(async (name) => {
    const bytes = await readFile(join(directory, name));
    return { name, path: name, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }));
  return {
    directory,
    archive: { type: 'bind', source: directory },
    options: { args: ['-c', 'archive_mode=on', '-c', 'archive_command=test ! -f /archive/%f && cp %p /archive/%f'], mounts: [{ type: 'bind', source: directory, target: '/archive' }] },
    files: async (postgres) => {
      const last = await postgres.sql('SELECT pg_walfile_name(pg_switch_wal())');
      if (await pollUntil(async () => (await stat(join(directory, last)).catch(() => null))?.size === segmentBytes || null, { withinMs: 60_000, everyMs: 100 }) === null) throw new Error(`${last} was not archived`);
      return list();
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}
