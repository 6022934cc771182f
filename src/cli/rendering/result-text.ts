/** What a run came to, in a few lines that say what to do next. Pure. */
import { shownRunId } from '../../client/run-ids.ts';
import type { Runbooks } from '../../client/runbooks.ts';
import { outcomeText } from '../../domain/tables/difference.ts';
import { counted, durationText, sizeText } from '../../domain/wording.ts';
import type { RecoveryReport } from '../../workflows/restore-backup/messages.ts';
import { heldText } from './backup-table.ts';
import { localAndUtc, momentAndUtc } from './local-time.ts';
import { planText, type PlanClock } from './plan-text.ts';
import { copyLines, removalLines } from './copy-text.ts';
import { forgettableLines } from './forgettable-text.ts';
import { deletionLines, prunedLines } from './prune-text.ts';
import { settingsLines } from './settings-text.ts';

type Result<V extends keyof Runbooks> = Runbooks[V]['result'];

const texts: { readonly [V in keyof Runbooks]: (result: Result<V>, service: string, clock: PlanClock) => readonly string[] } = {
  backup: (result, service, clock) => [
    `Backup ${result.backupId} of ${service}: ${result.proof === 'proven' ? 'proven' : 'stored'}, ${sizeText(result.sizeBytes)} in ${result.location}.`,
    ...incrementalLines(result),
    `It covers everything until ${localAndUtc(result.point, clock.timeZone, clock.now)}.`,
    ...(result.proof === 'proven' ? [] : [`Not proven yet: holdfast prove ${result.backupId}`]),
  ],
  verify: (result) => [
    `${result.backupId}: every stored byte is what its manifest says.`,
    `Whether it restores is another question: holdfast prove ${result.backupId}`,
  ],
  prove: (result) => [`${result.backupId} is proven.`, ...result.components.map(({ component, sentence }) => `  ${component}: ${sentence}`), ...notCompared(result)],
  drill: ({ depth, backupId, repository, drillId, checks, times: { rto, rpo }, report }, service) => [
    `${service} came back from ${backupId} of ${repository} (${depth}): PROVEN, ${checks.length === 1 ? 'the one check' : `all ${checks.length} checks`} passed.`,
    ...(rto.ms === null ? [] : [`RTO ${durationText(rto.ms)}, from ${rto.from.what} until ${rto.to.what}.`]),
    rpo.ms === null ? `RPO not measured: ${rpo.why}.` : `RPO ${durationText(rpo.ms)}, from ${rpo.from.what} until ${rpo.to.what}.`,
    `Report ${drillId}: ${report}`,
  ],
  restore: (result, service, clock) => (result.report === null || result.rollbackRun === null
    ? [...planText(result.plan, clock), 'Dry run: nothing live was changed, and what was made ready is removed again.']
    : restored(result.rollbackRun, service, `on ${result.backupId}`, result.report, clock)),
  rewind: (result, service, clock) => (result.report === null || result.rollbackRun === null
    ? [...planText(result.plan, clock), 'Dry run: nothing live was changed, and what was made ready is removed again.']
    : [
      ...restored(result.rollbackRun, service, `as it was ${result.plan.body.moment?.inclusive === true ? 'at' : 'just before'} ${result.plan.body.moment?.asked ?? ''}`, result.report, clock),
      ...(result.newBase === null ? [] : [`A new base backup is running (${shownRunId(result.newBase)}).`]),
    ]),
  tables: (result, service, clock) => (result.outcome === 'planned' ? [...planText(result.plan, clock), 'Dry run: nothing live was changed, and what was made ready is removed again.'] : tablesRestored(result, service)),
  undo: (result, service, clock) => (result.rollbackRun === null
    ? [...planText(result.plan, clock), 'Dry run: nothing was changed.']
    : [`${service} is back on the data from before ${shownRunId(result.undoneRun)}.`, nextSteps(result.rollbackRun)]),
  accept: (result, _service, clock) => (result.outcome === 'planned'
    ? [...planText(result.plan, clock), 'Dry run: nothing was changed.']
    : [`The rollback copy of ${shownRunId(result.acceptedRun)} is gone.`]),
  mark: (result, service, clock) => [
    `${result.name} marks ${service} as it was at ${localAndUtc(result.at, clock.timeZone, clock.now)}, position ${result.lsn}.`,
    `To come back to it: holdfast restore --before mark:${result.name}`,
    'That can be done as soon as the log behind it is in the repository: holdfast wal status',
  ],
  enable: ({ outcome, servers, restarted, waiting }) => (outcome === 'changed'
    ? [
      ...servers.flatMap(({ changes }) => changes.map(({ statement }) => `Done: ${statement}`)), ...restarted.map((container) => `Restarted: ${container}`),
      ...(waiting.length === 0 ? [] : [`Waiting for a restart: ${waiting.join(', ')}. When it suits: holdfast wal enable --restart`]),
    ]
    : servers.flatMap(settingsLines)),
  forget: ({ outcome, logs }) => (outcome === 'forgotten' ? logs.map(({ component }) => `Forgotten: the receiver of ${component}, its slot and its volume`) : forgettableLines(logs)),
  clone: (result, service, clock) => copyLines(result, service, clock),
  unclone: ({ outcome, copy }) => (outcome === 'removed' ? [`Removed: the copy ${copy.name}, its containers, volumes and network`] : removalLines(copy)),
  find: ({ sentence, at, point }, _service, clock) => [sentence.replace(at, momentAndUtc(at, clock.timeZone, clock.now)), `→ holdfast restore --before ${point}`],
  hold: ({ backupId }) => [`${backupId} stays until it is released: holdfast unhold ${backupId} --reason TEXT`],
  unhold: ({ holds }) => holds.map((hold) => `Released: ${heldText(hold, 'stays')}`),
  prune: (result) => prunedLines(result),
  delete: ({ outcome, deletion }) => (outcome === 'planned' ? deletionLines(deletion) : [`${deletion.backupId} is in the trash for ${counted(deletion.trashDays, 'day')}. To take it back: holdfast undelete ${deletion.backupId}`]),
  undelete: ({ backupId, broughtBack }) => [`Back from the trash: ${broughtBack.join(', ')}. ${backupId} stays until it is released: holdfast unhold ${backupId} --reason TEXT`],
  export: ({ files }) => files.map(({ path, sizeBytes, sha256 }) => `${path}  ${sizeText(sizeBytes)}  sha256 ${sha256}`),
  import: ({ imported, known, leftOver, timeZone, timeZoneGiven }) => [
    `Imported, not proven: ${counted(imported.length, 'backup')}${known === 0 ? '' : `; ${counted(known, 'file')} ${known === 1 ? 'was' : 'were'} known already`}.`,
    ...imported.slice(0, 20).map((backupId) => `  ${backupId}`),
    ...(imported.length === 0 ? [] : [`The names were read as local time of ${timeZone}${timeZoneGiven ? '' : ', the worker\'s own: where the script ran in another, import with --time-zone'}.`, `Prove them: holdfast prove ${imported.at(-1) ?? ''}`]),
    ...(leftOver === 0 ? [] : [`${counted(leftOver, 'backup')} ${leftOver === 1 ? 'is' : 'are'} left: import again.`]),
  ],
  reap: ({ runs }) => (runs.length === 0 ? ['Nothing was left of any ended run.'] : runs.map(({ workflowId, done }) => `${shownRunId(workflowId)}: ${done.join('; ') || 'nothing to do'}`)),
};

export function resultText<V extends keyof Runbooks>(verb: V, result: Result<V>, service: string, clock: PlanClock): readonly string[] {
  return texts[verb](result, service, clock);
}

/** What it goes on from, or why it does not. */
const incrementalLines = ({ incremental }: Result<'backup'>): readonly string[] =>
  (incremental === undefined ? [] : [incremental.parent === null ? `A full base backup was taken: ${incremental.reason}.` : `It holds what changed since ${incremental.parent}, and needs that to be restored.`]);

function restored(run: string, service: string, state: string, report: RecoveryReport, clock: PlanClock): readonly string[] {
  const from = { since: 'the disaster you named', firstFailedHealthCheck: 'the first failed health check', request: 'your request' }[report.disaster.source];
  const aside = report.setAsideTransactions === null ? '' : ` Set aside: ${Number(report.setAsideTransactions).toLocaleString('en-US')} later transactions, still in the old copy.`;
  return [
    `BACK at ${localAndUtc(report.backAt, clock.timeZone, clock.now)}: ${service} is ${state}. RTO ${durationText(report.rtoMs)} from ${from}, ${durationText(report.rtoFromApprovalMs)} from approval.`,
    `RPO ${durationText(report.rpoMs)}.${aside}`,
    nextSteps(run),
  ];
}

function tablesRestored({ backupId, plan: { body: { moment } }, tables, intoSchema, rollbackRun }: Result<'tables'>, service: string): readonly string[] {
  const then = moment === undefined ? null : `${moment.inclusive ? 'at' : 'just before'} ${moment.asked}`;
  const done = intoSchema === null
    ? [`Tables of ${service} have the rows ${then === null ? `of ${backupId}` : `that they had ${then}`}.`, ...tables.map((table) => `  ${outcomeText(table)}`)]
    : [`The tables as they were ${then ?? `in ${backupId}`} are in the schema ${intoSchema} of ${service}; the live ones were not touched.`];
  return rollbackRun === null ? done : [...done, nextSteps(rollbackRun)];
}

const nextSteps = (run: string): string => `All well? holdfast accept ${shownRunId(run)}.  Not well? holdfast undo ${shownRunId(run)}.`;

const notCompared = (result: Result<'prove'>): readonly string[] =>
  result.components.flatMap(({ component, notCompared: list }) => list.map(({ object, reason }) => `  not compared, ${component}: ${object} (${reason})`));
