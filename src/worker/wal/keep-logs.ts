/** Looks after the logs of all components that this host's worker is to keep, until it is told to end; leaves how they stand in a file each. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogStatus } from '../../domain/wal/log-status.ts';
import { pauseFor } from '../../containers/wait-until.ts';
import type { LogKeeper } from './log-keeper.ts';

export interface KeptLog {
  readonly service: string;
  readonly component: string;
  readonly keeper: LogKeeper;
}

/** Where the statuses of this machine's logs lie: below the state directory, a file each. */
export const logStatusPath = (stateDirectory: string, service: string, component: string): string => join(stateDirectory, 'wal', `${service}.${component}.json`);

/** Returns when the signal is aborted; each log is looked after by itself, so that one that hangs holds up no other. */
export async function keepLogs(logs: readonly KeptLog[], stateDirectory: string, everyMs: number, signal: AbortSignal): Promise<void> {
  await mkdir(join(stateDirectory, 'wal'), { recursive: true, mode: 0o700 });
  await Promise.all(logs.map(async ({ service, component, keeper }) => {
    while (!signal.aborted) {
      try {
        await leave(logStatusPath(stateDirectory, service, component), await keeper.round());
        await pauseFor(everyMs, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }));
}

/** Whole or not at all: it is read while it is written anew. */
async function leave(path: string, status: LogStatus): Promise<void> {
  const next = `${path}.${process.pid}`;
  await writeFile(next, `${JSON.stringify(status)}\n`, { mode: 0o600 });
  await rename(next, path);
}
