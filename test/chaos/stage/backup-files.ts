/** What lies in a repository below its backups: every file by name and hash. Whatever is struck, a stored backup stays as it was to the byte, or goes as a whole. */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface BackupFile {
  /** `<backup>/<component>/…` */
  readonly path: string;
  readonly sha256: string;
}

/** @param root of the service, in its repository */
export async function readBackupFiles(root: string): Promise<readonly BackupFile[]> {
  const directory = join(root, 'backups');
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
  return Promise.all(paths.map(async (path) => ({ path: path.slice(directory.length + 1), sha256: createHash('sha256').update(await readFile(path)).digest('hex') })));
}

/** @param hasMoved is the backup in another place than before? Where it then is, and whether it may be, is told by those places */
export function judgeBackupFiles(before: readonly BackupFile[], after: readonly BackupFile[], hasMoved: (backupId: string) => boolean): string[] {
  const found = new Map(after.map(({ path, sha256 }) => [path, sha256]));
  return before.flatMap(({ path, sha256 }) => {
    const now = found.get(path);
    if (now === sha256 || (now === undefined && hasMoved(path.split('/')[0] ?? ''))) return [];
    return [`stored file ${path} is ${now === undefined ? 'gone' : 'another'}`];
  });
}
