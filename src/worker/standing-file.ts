/** The rounds of what is looked after beside every run, and the file in which each leaves how it stands: below the state directory of this machine, replaced whole every round. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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

const leaveStanding = (stateDirectory: string, kind: StandingKind, standing: Standing): Promise<void> =>
  leaveWhole(standingPath(stateDirectory, kind, standing.service, standing.component), `${JSON.stringify(standing)}\n`);

/**
 * Whole or not at all: it is read while it is written anew. Not at all, too, where nothing can be written (a disk that is full, a directory that is gone): what stood there then looks old, which
 * whoever reads it says. A log is kept all the same, and no worker ends for it, which may have a restore to carry out.
 */
async function leaveWhole(path: string, text: string): Promise<void> {
  const next = `${path}.${process.pid}-${(written += 1)}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(next, text, { mode: 0o600 });
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true }).catch(() => undefined);
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}
let written = 0;

const wishPath = (stateDirectory: string, service: string, component: string): string => join(stateDirectory, 'wal', `${service}.${component}.wish`);

/** Says to whoever keeps this log on this machine, in whichever process, that somebody waits for all of it up to `at`. ISO 8601 UTC. */
export const leaveLogWish = (stateDirectory: string, service: string, component: string, at: string): Promise<void> =>
  leaveWhole(wishPath(stateDirectory, service, component), `${at}\n`);

/** The newest of them, or null where there is none to read: what is wished for comes in its turn all the same. */
export const readLogWish = (stateDirectory: string, service: string, component: string): Promise<string | null> =>
  readFile(wishPath(stateDirectory, service, component), 'utf8').then((text) => text.trim(), () => null);

/** Returns when the signal is aborted; each is looked after by itself, so that one that hangs holds up no other. */
export async function keepRounds<S extends Standing>(keepers: readonly { round(): Promise<S> }[], stateDirectory: string, kind: StandingKind, everyMs: number, signal: AbortSignal): Promise<void> {
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
