/** `takeBackup`: preflight, one recovery point over all components, manifest, proof, retention. Changes no live data but the canary, where one is asked for. */
import type { BackedUpComponent, CommittedBackup } from '../../activities/backup-activities.ts';
import { recoveryPoint } from '../../domain/backup-manifest.ts';
import { proofIsWanted } from '../../domain/prove-policy.ts';
import type { Component } from '../../domain/service.ts';
import { counted, engineTitle, sizeText } from '../../domain/wording.ts';
import { allOrNone } from '../shared/all-or-none.ts';
import { commonFields, commonInput, onlyFields, optionalChoice, optionalFlag } from '../shared/input-fields.ts';
import { pruneBehind } from '../shared/prune-steps.ts';
import { proveAndRecord, requireProven } from '../shared/proof-steps.ts';
import { acquireRepaired, repairEndedRuns } from '../shared/repair-ended-runs.ts';
import { inFrame, type Run } from '../shared/run.ts';
import type { TakeBackupInput, TakeBackupResult } from './messages.ts';
import { plantCanaries } from './plant-canaries.ts';

/** A component whose worker was lost comes late by a heartbeat timeout; a worker that stands still can do that twice. */
const snapshotRounds = 3;

export async function takeBackup(input: TakeBackupInput): Promise<TakeBackupResult> {
  return inFrame('takeBackup', input, readInput, async (run) => {
    const { service } = run.input;
    const beganAt = new Date(Date.now()).toISOString();
    await repairEndedRuns(run, true);
    const { components } = run;
    // Held from here on: what a preflight finds in the midst of a cut-over would only mislead.
    const lease = await acquireRepaired(run, 'the snapshot of a backup');
    const facts = await allOrNone(components.map((component) => () => run.host.quick.inspectComponent({ service, component, purpose: 'backup' })));
    for (const warning of facts.flatMap((each) => each.warnings)) run.warn(warning);
    const claim = await run.host.quick.claimBackup({ service });
    for (const warning of claim.warnings ?? []) run.warn(warning);
    run.compensations.add('remove the unfinished backup', () => run.host.quick.abandonBackup({ service, backupId: claim.backupId }));

    run.phase('working');
    const canary = await plantCanaries(run);
    const backups = await takeRecoveryPoint(run, claim.backupId);
    await lease.release();

    run.step(`[${components.length + 1}/${components.length + 1}] Creating backup manifest...`);
    const finishedAt = new Date(Date.now()).toISOString();
    const committed = await run.host.quick.commitBackup({ service, claim, beganAt, finishedAt, components: backups, ...(canary === null ? {} : { canary }) });
    run.compensations.drop('remove the unfinished backup');
    run.done(`Backup manifest created: ${committed.backupId} (point ${committed.point}, skew ${committed.skewMs} ms)`);
    run.note(`Total backups in directory: ${committed.backups}`);
    run.note(`Disk usage: ${sizeText(committed.usedBytes)}`);
    const incremental = backups.find((backup) => backup.incremental !== undefined)?.incremental;
    const proof = await proveByPolicy(run, committed);
    await pruneBehind(run);
    return { ...summary(committed), ...(incremental === undefined ? {} : { incremental }), proof };
  });
}

function readInput(raw: Record<string, unknown>): TakeBackupInput {
  onlyFields(raw, [...commonFields, 'prove', 'kind']);
  const prove = optionalFlag(raw, 'prove');
  const kind = optionalChoice(raw, 'kind', ['dump', 'base', 'incremental']);
  return { ...commonInput(raw), ...(prove === undefined ? {} : { prove }), ...(kind === undefined ? {} : { kind }) };
}

/**
 * All components at one moment, again when they came out too far apart. A copy of a whole server takes as long as its size: its end is its moment, and the
 * others are taken right after it, once; how far apart they lie is told.
 */
async function takeRecoveryPoint(run: Run<TakeBackupInput>, backupId: string): Promise<readonly BackedUpComponent[]> {
  const { skewLimitMs } = run.service.definition;
  if (isOfWholeServer(run.input)) return inTurn(run, backupId, skewLimitMs);
  for (let round = 1; ; round += 1) {
    const backups = await backUpAll(run, backupId, round);
    const { skewMs } = recoveryPoint(backups.map((backup) => backup.snapshotAt));
    if (skewMs <= skewLimitMs || round === snapshotRounds) return backups;
    run.warn(`The components lie ${skewMs} ms apart (limit ${skewLimitMs} ms): taking them again`);
  }
}

async function inTurn(run: Run<TakeBackupInput>, backupId: string, skewLimitMs: number): Promise<readonly BackedUpComponent[]> {
  const backups: BackedUpComponent[] = [];
  for (const index of run.components.keys()) backups.push(await backUpOne(run, backupId, 1, index));
  const { skewMs } = recoveryPoint(backups.map((backup) => backup.snapshotAt));
  if (skewMs > skewLimitMs) run.warn(`The components lie ${skewMs} ms apart (limit ${skewLimitMs} ms for dumps): a restore brings each to its own moment`);
  return backups;
}

const backUpAll = (run: Run<TakeBackupInput>, backupId: string, round: number): Promise<readonly BackedUpComponent[]> =>
  allOrNone([...run.components.keys()].map((index) => () => backUpOne(run, backupId, round, index)));

async function backUpOne(run: Run<TakeBackupInput>, backupId: string, round: number, index: number): Promise<BackedUpComponent> {
  const { components, input: { service, kind } } = run;
  const component = components[index] as Component;
  const title = engineTitle(component.engine);
  run.step(`[${index + 1}/${components.length + 1}] Backing up ${component.engine !== 'postgres' ? `${title} data` : wholeServerText[kind ?? 'dump'](title)}...`);
  const backup = await run.host.long.backUpComponent({ service, component, backupId, round, ...(kind === 'base' || kind === 'incremental' ? { method: kind } : {}) });
  if (backup.incremental?.parent === null) run.warn(`A full base backup was taken instead of an incremental one: ${backup.incremental.reason}`);
  run.done(`${title} backup completed: ${backup.path} (${sizeText(backup.sizeBytes)}${backup.incremental?.parent == null ? '' : `, what changed since ${backup.incremental.parent}`})`);
  return backup;
}

const isOfWholeServer = ({ kind }: TakeBackupInput): boolean => kind === 'base' || kind === 'incremental';

/** What is backed up of a server with databases. */
const wholeServerText: { readonly [K in NonNullable<TakeBackupInput['kind']>]: (title: string) => string } = {
  dump: (title) => `${title} database`, base: (title) => `the whole ${title} server`, incremental: (title) => `what changed of the whole ${title} server`,
};

async function proveByPolicy(run: Run<TakeBackupInput>, { backupId, newestProofAt = null }: CommittedBackup): Promise<TakeBackupResult['proof']> {
  if (!proofIsWanted(run.input.prove, run.service.definition, newestProofAt, Date.now())) return 'notProven';
  run.phase('checking');
  run.step('Proving the backup: restoring it beside and comparing');
  const backup = await run.host.quick.findBackup({ service: run.input.service, backup: backupId });
  const outcome = await proveAndRecord(run, backup);
  requireProven(run, backup, outcome);
  run.done(`Proven: ${counted(outcome.components.length, 'component')} equal to the manifest`);
  return outcome.verdict;
}

const summary = (committed: Omit<TakeBackupResult, 'proof'>): Omit<TakeBackupResult, 'proof'> => ({
  backupId: committed.backupId, manifestSha256: committed.manifestSha256, point: committed.point, skewMs: committed.skewMs,
  sizeBytes: committed.sizeBytes, backups: committed.backups, usedBytes: committed.usedBytes, location: committed.location,
});
