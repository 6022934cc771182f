/** Reading one field of a runbook's input, strictly: a workflow started from the UI has no compiler. */
import { HoldfastFailure } from '../../domain/failures.ts';
import type { CommonInput } from './run.ts';

type Raw = Record<string, unknown>;

const refuse = (name: string, cause: string): never => {
  throw new HoldfastFailure('InvalidInput', { operation: 'read the input', object: name, cause, hint: 'See docs/runbooks/ for the fields of each runbook.' });
};

/** Refuses every member that is not named: a misspelt "dryrun" must never become a real restore. */
export function onlyFields(raw: Raw, allowed: readonly string[]): void {
  const unknown = Object.keys(raw).find((key) => !allowed.includes(key));
  if (unknown !== undefined) refuse(unknown, `there is no such field; allowed are ${allowed.join(', ')}`);
}

export const commonFields = ['service', 'reason', 'requestedBy'] as const;

export function optionalText(raw: Raw, name: string): string | undefined {
  const value = raw[name];
  if (value === undefined) return undefined;
  return typeof value === 'string' && value.length > 0 && value.length <= 500 ? value : refuse(name, 'it is not a text of 1 to 500 characters');
}

export function optionalFlag(raw: Raw, name: string): boolean | undefined {
  const value = raw[name];
  return value === undefined || typeof value === 'boolean' ? value : refuse(name, 'it is neither true nor false');
}

export function optionalChoice<T extends string>(raw: Raw, name: string, choices: readonly T[]): T | undefined {
  const value = raw[name];
  return value === undefined || choices.includes(value as T) ? value as T | undefined : refuse(name, `it is none of ${choices.join(', ')}`);
}

/** Counts by name, few and small: what one run hands to its successor. */
export function optionalCounts(raw: Raw, name: string): Readonly<Record<string, number>> | undefined {
  const value = raw[name];
  if (value === undefined) return undefined;
  const isCounts = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length <= 100 && Object.values(value).every((count) => Number.isSafeInteger(count) && count >= 0);
  return isCounts ? value as Record<string, number> : refuse(name, 'it is no mapping from names to counts');
}

/** The fields every runbook has, with absent ones left out. */
export function commonInput(raw: Raw): { service: string; reason?: string; requestedBy?: string } {
  const reason = optionalText(raw, 'reason');
  const requestedBy = optionalText(raw, 'requestedBy');
  return { service: raw['service'] as string, ...(reason === undefined ? {} : { reason }), ...(requestedBy === undefined ? {} : { requestedBy }) };
}

/** Input of runbooks about a stored backup: `backup` defaults to the newest. */
export function readBackupChoice(raw: Raw): CommonInput & { backup?: string } {
  onlyFields(raw, [...commonFields, 'backup']);
  const backup = optionalText(raw, 'backup');
  return { ...commonInput(raw), ...(backup === undefined ? {} : { backup }) };
}

/** Input of runbooks about a hold: the id and the reason are always said. */
export function readHoldChoice(raw: Raw): CommonInput & { backup: string; reason: string } {
  const { backup, ...common } = readBackupChoice(raw);
  return { ...common, backup: backup ?? refuse('backup', 'it is missing; name the backup'), reason: common.reason ?? refuse('reason', 'it is missing; say why') };
}

/** Input of runbooks about a rollback copy: `run` is always said. */
export function readRunChoice(raw: Raw): CommonInput & { run: string; dryRun?: boolean } {
  onlyFields(raw, [...commonFields, 'run', 'dryRun']);
  const run = optionalText(raw, 'run') ?? refuse('run', 'it is missing; name the run, or "latest"');
  const dryRun = optionalFlag(raw, 'dryRun');
  return { ...commonInput(raw), run, ...(dryRun === undefined ? {} : { dryRun }) };
}
