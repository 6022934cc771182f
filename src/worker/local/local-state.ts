/** What is remembered of the embedded server and its workers. Read and written only under the lock; replaced whole, never half-written. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { livingPid } from './process-identity.ts';

export interface ServerRecord {
  readonly address: string;
  readonly uiAddress: string;
  readonly identity: string;
  /** Has it answered? Otherwise it was being started when this was written. */
  readonly ready: boolean;
}

export interface WorkerRecord {
  /** Which configuration it serves: the path of its file, or what the environment amounted to. */
  readonly key: string;
  readonly queuePrefix: string;
  readonly identity: string;
  /** Changes when configuration, the secrets it refers to, or the program change. */
  readonly fingerprint: string;
  /** `holdfast up` runs in front of somebody, who decides when it ends. */
  readonly foreground: boolean;
}

export interface LocalState {
  readonly server: ServerRecord | null;
  readonly workers: readonly WorkerRecord[];
  /** Task queue prefix by configuration key: the first one gets the plain name, others one of their own. */
  readonly queuePrefixes: Readonly<Record<string, string>>;
  /** Was the server stopped because no run was open? Otherwise its file may hold one. */
  readonly stoppedIdle: boolean;
  /** When a command last attached, milliseconds since the epoch. */
  readonly usedAtMs: number;
}

const empty: LocalState = { server: null, workers: [], queuePrefixes: {}, stoppedIdle: true, usedAtMs: 0 };

/** What is not there, or not readable as ours, is as good as nothing: everything in it can be found out again. */
export async function readLocalState(path: string): Promise<LocalState> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as Partial<LocalState> | null;
    return value !== null && Array.isArray(value.workers) ? { ...empty, ...value } : empty;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return empty;
    throw error;
  }
}

export async function writeLocalState(path: string, state: LocalState): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600, flush: true });
  await rename(draft, path);
}

export const livingWorkers = (state: LocalState): readonly WorkerRecord[] => state.workers.filter(({ identity }) => livingPid(identity) !== null);
export const isServerAlive = (state: LocalState): boolean => state.server !== null && livingPid(state.server.identity) !== null;
