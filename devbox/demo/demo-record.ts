/**
 * What each demo made, in a file of its own: a demo that was killed cannot clean up, so the next one does it, and `--clean` does it for
 * one that was kept. Written before the things themselves.
 */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { livingPid } from '../process-identity.ts';
import { stateFolder } from '../state-directory.ts';
import type { DemoOptions } from './demo-shape.ts';

export interface DemoRecord {
  readonly dockerHost: string;
  readonly prefix: string;
  readonly label: DemoOptions['label'];
  /** The demo's process, as pid and start time. */
  readonly process: string;
  /** Configuration, backups, Temporal's data. */
  readonly directory: string;
  /** Its Temporal namespace's own id: what Holdfast made for its runs (helpers, fences, copies) carries it as a label. Null until it is known. */
  readonly namespaceId: string | null;
  /** Processes that may outlive the demo's, as pid and start time. */
  readonly temporal: string | null;
  readonly worker: string | null;
  /** `--keep`: not to be removed but by `--clean`. */
  readonly kept: boolean;
}

const folder = (): string => stateFolder('demos');
const fileOf = (prefix: string): string => join(folder(), `${prefix}.json`);

export function writeRecord(record: DemoRecord): void {
  const draft = `${fileOf(record.prefix)}.draft`;
  writeFileSync(draft, JSON.stringify(record));
  renameSync(draft, fileOf(record.prefix));
}

export function forgetRecord({ prefix }: Pick<DemoRecord, 'prefix'>): void {
  rmSync(fileOf(prefix), { force: true });
}

export function readRecords(): readonly DemoRecord[] {
  return readdirSync(folder()).filter((name) => name.endsWith('.json')).map((name) => JSON.parse(readFileSync(join(folder(), name), 'utf8')) as DemoRecord);
}

/** Does the demo itself still run? */
export const isRunning = (record: DemoRecord): boolean => livingPid(record.process) !== undefined;
