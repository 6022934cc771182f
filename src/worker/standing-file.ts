/** The rounds of what is looked after beside every run, and the file in which each leaves how it stands: below the state directory of this machine, replaced whole every round. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pauseFor } from '../containers/wait-until.ts';
import type { AofStatus } from '../domain/aof/aof-status.ts';
import type { LogStatus } from '../domain/wal/log-status.ts';

/** `wal`: a database's write-ahead log; `aof`: an append-only file. Names a directory. */
export type StandingKind = 'wal' | 'aof';

type Standing = LogStatus | AofStatus;

const standingPath = (stateDirectory: string, kind: StandingKind, service: string, component: string): string => join(stateDirectory, kind, `${service}.${component}.json`);

/** How it stood when it was last looked after on this machine, or null where nobody ever did. */
async function readStanding<S extends Standing>(stateDirectory: string, kind: StandingKind, service: string, component: string): Promise<S | null> {
  try {
    return JSON.parse(await readFile(standingPath(stateDirectory, kind, service, component), 'utf8')) as S;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

export const readLogStatus = (stateDirectory: string, service: string, component: string): Promise<LogStatus | null> => readStanding(stateDirectory, 'wal', service, component);
export const readAofStatus = (stateDirectory: string, service: string, component: string): Promise<AofStatus | null> => readStanding(stateDirectory, 'aof', service, component);

/** Whole or not at all: it is read while it is written anew. */
async function leaveStanding(stateDirectory: string, kind: StandingKind, standing: Standing): Promise<void> {
  const path = standingPath(stateDirectory, kind, standing.service, standing.component);
  const next = `${path}.${process.pid}`;
  await writeFile(next, `${JSON.stringify(standing)}\n`, { mode: 0o600 });
  await rename(next, path);
}

/** Returns when the signal is aborted; each is looked after by itself, so that one that hangs holds up no other. */
export async function keepRounds<S extends Standing>(keepers: readonly { round(): Promise<S> }[], stateDirectory: string, kind: StandingKind, everyMs: number, signal: AbortSignal): Promise<void> {
  await mkdir(join(stateDirectory, kind), { recursive: true, mode: 0o700 });
  await Promise.all(keepers.map(async (keeper) => {
    let last: S | null = null;
    while (!signal.aborted) {
      try {
        last = await keeper.round();
        await leaveStanding(stateDirectory, kind, last);
        await pauseFor(everyMs, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
    // Nobody has to wait until it looks old: where another worker looks after it too, its next round says otherwise.
    if (last !== null) await leaveStanding(stateDirectory, kind, { ...last, ended: true });
  }));
}
