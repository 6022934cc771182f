/** A directory beside a stage: the files of an earlier script, which an import reads, and what an export writes. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { readFileFromContainer } from '../../../src/containers/container-files.ts';
import type { ServiceFixture } from '../../support/service-fixture.ts';

export interface ForeignFile {
  readonly name: string;
  readonly sha256: string;
  /** To its last line, where it is a dump; to its last byte, where it is an RDB. */
  readonly isWhole: boolean;
}

const stamp = '20260118-133121';
export const scriptFiles = [`postgres-${stamp}.sql.gz`, `redis-${stamp}.rdb`] as const;

/** As an earlier script left them: pg_dump through gzip, and Redis's own file. */
export async function writeScriptFiles({ runtime, postgres, redis, redisCli }: ServiceFixture, directory: string): Promise<void> {
  const { exitCode, stdout, stderr } = await runtime.exec(postgres, { argv: ['pg_dump', '-U', 'postgres', 'shop'], timeoutMs: 60_000 });
  if (exitCode !== 0) throw new Error(`pg_dump exited ${exitCode}: ${stderr}`);
  await redisCli('SAVE');
  await writeFile(join(directory, scriptFiles[0]), gzipSync(stdout));
  await writeFile(join(directory, scriptFiles[1]), await buffer(await readFileFromContainer(runtime, redis, '/data/dump.rdb')));
}

export async function emptyForeign(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
}

export async function readForeignFiles(directory: string): Promise<readonly ForeignFile[]> {
  return Promise.all((await readdir(directory)).sort().map(async (name) => {
    const bytes = await readFile(join(directory, name));
    return { name, sha256: createHash('sha256').update(bytes).digest('hex'), isWhole: isWhole(name, bytes) };
  }));
}

/** Its end-of-file opcode, and the checksum behind it. */
const endOfRdb = 0xff;
const checksumBytes = 8;

function isWhole(name: string, bytes: Buffer): boolean {
  if (name.endsWith('.rdb')) return bytes.toString('latin1', 0, 5) === 'REDIS' && bytes.at(-checksumBytes - 1) === endOfRdb;
  try {
    return gunzipSync(bytes).includes('PostgreSQL database dump complete');
  } catch {
    return false;
  }
}
