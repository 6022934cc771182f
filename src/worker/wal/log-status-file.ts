/** The file in which a worker leaves how a log stands: below the state directory of this machine, replaced whole every round. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogStatus } from '../../domain/wal/log-status.ts';

const logStatusPath = (stateDirectory: string, service: string, component: string): string => join(stateDirectory, 'wal', `${service}.${component}.json`);

/** How a log stood when it was last looked after on this machine, or null where nobody ever did. */
export async function readLogStatus(stateDirectory: string, service: string, component: string): Promise<LogStatus | null> {
  try {
    return JSON.parse(await readFile(logStatusPath(stateDirectory, service, component), 'utf8')) as LogStatus;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whole or not at all: it is read while it is written anew. */
export async function leaveLogStatus(stateDirectory: string, status: LogStatus): Promise<void> {
  const path = logStatusPath(stateDirectory, status.service, status.component);
  const next = `${path}.${process.pid}`;
  await writeFile(next, `${JSON.stringify(status)}\n`, { mode: 0o600 });
  await rename(next, path);
}
