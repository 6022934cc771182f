/** What production has archived of its log: in the repository, and where its server's own archive_command puts it. Every file by name, size and hash. */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { archiveRoot } from '../../../src/domain/wal/archive-command.ts';
import type { ServiceFixture } from '../../support/service-fixture.ts';
import { firstProcess } from './first-process.ts';

/** `repository` or `server`, path, size, SHA-256: what one line says of a file never changes, for both archives are write-once. */
export type ArchivedFile = string;

const readWithinMs = 20_000;
/** Written as PostgreSQL writes it, and renamed; of the readings of clocks the newest batches grow. */
const unfinished = /(^|\/)\.[^/]*$|\/samples\//;
const timelineOf = /\/([0-9A-F]{8})(?:[0-9A-F]{16}|\.history)[^/]*$/;

/** Null where nobody can look: the server's container does not run. */
export async function readArchivedFiles(service: ServiceFixture): Promise<readonly ArchivedFile[] | null> {
  const script = `cd ${archiveRoot} 2>/dev/null || exit 0; find . -type f -exec sh -c 'for file; do printf "server/%s %s %s\\n" "\${file#./}" "$(wc -c <"$file")" "$(sha256sum <"$file" | cut -c1-64)"; done' sh {} +`;
  const found = await service.runtime.exec(service.postgres, { argv: ['sh', '-c', script], timeoutMs: readWithinMs }).catch(() => null);
  if (found === null || found.exitCode !== 0) return null;
  return [...await storedFiles(service), ...found.stdout.split('\n').filter((line) => line !== '')].filter((line) => !unfinished.test(pathIn(line))).sort();
}

async function storedFiles({ repositoryPath, name }: ServiceFixture): Promise<readonly ArchivedFile[]> {
  const root = join(repositoryPath, name);
  const kept = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  return Promise.all(kept.filter((path) => /^(wal|aof)\//.test(path)).map(async (path) => {
    const bytes = await readFile(join(root, path));
    return `repository/${path} ${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`;
  }));
}

/** Timelines of which production's archives have anything, read without a process in its container; null while that does not run. */
export async function timelinesIn(service: ServiceFixture): Promise<readonly string[] | null> {
  const pid = await firstProcess(service.postgres).catch(() => 0);
  if (pid === 0) return null;
  const roots = [join('/proc', String(pid), 'root', archiveRoot), join(service.repositoryPath, service.name, 'wal')];
  const paths = await Promise.all(roots.map((root) => readdir(root, { recursive: true }).catch(() => [])));
  return [...new Set(paths.flat().flatMap((path) => archivedTimeline(`/${path}`) ?? []))];
}

const pathIn = (line: ArchivedFile): string => line.split(' ')[0] ?? '';

/** A file of a timeline's log, or its history; null for any other. */
export const archivedTimeline = (line: ArchivedFile): string | null => timelineOf.exec(pathIn(line))?.[1] ?? null;

/**
 * What a run did to the archives that it must not: a file overwritten, or gone; or one more. Production's server goes on archiving, on the timeline that it is on; another
 * one is that of a copy which was recovered beside it, and archived as production would. Into the repository nobody ships while a case runs.
 */
export function judgeArchives(before: readonly ArchivedFile[] | null, after: readonly ArchivedFile[] | null, ofProduction: readonly string[]): string[] {
  if (before === null || after === null) return [];
  const [known, found] = [new Map(before.map((line) => [pathIn(line), line])), new Map(after.map((line) => [pathIn(line), line]))];
  return [
    ...before.filter((line) => found.get(pathIn(line)) !== line).map((line) => `archived file ${line} is ${found.get(pathIn(line)) ?? 'gone'}`),
    ...after.filter((line) => !known.has(pathIn(line)) && !(line.startsWith('server/') && ofProduction.includes(archivedTimeline(line) ?? ''))).map((line) => `archived file ${line} was not there, and is not production's own`),
  ];
}
