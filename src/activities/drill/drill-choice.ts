/** Which backup is asked for: by whoever starts the drill, else by the service's own rule. What a report says of it is what was asked, whatever came of that. */
import { randomInt } from 'node:crypto';
import type { DrillChoice } from '../../domain/drill/drill-report.ts';
import { drillSettingsOf, parseChoice } from '../../domain/drill/drill-settings.ts';
import type { DrillKind } from '../../domain/drill/objectives.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import { backupInstant, resolveBackupId } from '../../domain/identifiers.ts';
import type { ServiceDefinition } from '../../domain/service.ts';
import { counted } from '../../domain/wording.ts';
import type { Repository } from '../../repository/repository.ts';

export interface AskedBackup {
  readonly kind: DrillKind;
  /** An id, a prefix, "latest" or "random-within 30d"; by the service's own rule unless given. */
  readonly backup?: string;
}

export interface ChosenBackup {
  readonly backupId: string;
  readonly choice: DrillChoice;
  /** How many were none to choose from: they do not hold all that the service has by now. */
  readonly leftOut: number;
}

const dayMs = 86_400_000;

/** @throws UnknownBackup, AmbiguousBackup */
export async function chooseBackup(repository: Repository, definition: ServiceDefinition, asked: AskedBackup, nowMs: number): Promise<ChosenBackup> {
  const { name: service } = definition;
  const { choice, candidates, leftOut } = await askedFor(repository, definition, asked, nowMs);
  if (choice.kind === 'named') return { backupId: resolveBackupId(choice.asked, await repository.listBackups(service)), choice, leftOut };
  if (choice.kind === 'latest') return { backupId: await newestBackup(repository, service), choice, leftOut };
  const chosen = candidates.length === 0 ? undefined : candidates[randomInt(candidates.length)];
  if (chosen !== undefined) return { backupId: chosen, choice, leftOut };
  throw noBackup(service, `the service has no backup of the last ${choice.days} days${leftOut === 0 ? '' : ` that holds all of it (${counted(leftOut, 'backup')} of before one of its stores)`}`);
}

/** The same where nothing came of it: what the report has to say was asked. */
export const choiceAsked = async (repository: Repository, definition: ServiceDefinition, asked: AskedBackup, nowMs: number): Promise<DrillChoice> =>
  (await askedFor(repository, definition, asked, nowMs)).choice;

/** @throws UnknownBackup where there is none */
export async function newestBackup(repository: Repository, service: string): Promise<string> {
  const latest = await repository.latestBackup(service);
  if (latest !== null) return latest;
  throw noBackup(service, 'the service has no backup');
}

async function askedFor(repository: Repository, definition: ServiceDefinition, { kind, backup }: AskedBackup, nowMs: number) {
  const none = { candidates: [], leftOut: 0 };
  const rule = backup === undefined ? drillSettingsOf(definition).choose : parseChoice(backup);
  if (kind !== 'restore' || rule?.kind === 'latest') return { choice: { kind: 'latest' }, ...none } as const;
  if (rule === null) return { choice: { kind: 'named', asked: backup ?? '' }, ...none } as const;
  const { candidates, leftOut } = await within(repository, definition, rule.days, nowMs);
  return { choice: { kind: 'randomWithin', days: rule.days, candidates: candidates.length }, candidates, leftOut } as const;
}

/** One of before a store was added brings no service back, and is no worse for that. One that cannot be read stays: to find it is what chance is for. */
async function within(repository: Repository, { name: service, components }: ServiceDefinition, days: number, nowMs: number): Promise<{ readonly candidates: readonly string[]; readonly leftOut: number }> {
  const candidates: string[] = [];
  let leftOut = 0;
  for (const id of await repository.listBackups(service)) {
    if (nowMs - Date.parse(backupInstant(id)) > days * dayMs) continue;
    const held = await storesIn(repository, service, id);
    if (held === null || components.every(({ name }) => held.includes(name))) candidates.push(id);
    else leftOut += 1;
  }
  return { candidates, leftOut };
}

/** Null where that cannot be read. */
async function storesIn(repository: Repository, service: string, backupId: string): Promise<readonly string[] | null> {
  try {
    return (await repository.readManifest(service, backupId)).manifest.components.map(({ component }) => component);
  } catch (error) {
    if (isFailure(error, 'UnknownBackup')) return [];
    if (isFailure(error, 'ManifestDamaged') || isFailure(error, 'UnsupportedFormat')) return null;
    throw error;
  }
}

const noBackup = (service: string, cause: string): HoldfastFailure =>
  new HoldfastFailure('UnknownBackup', { operation: 'choose the backup', object: service, cause, hint: 'Take one: holdfast backup.' });
