/** `show`: a backup from its manifest and proofs, a run from Temporal. */
import { shortRunId } from '../domain/workflow-ids.ts';
import { findRun } from '../client/list-runs.ts';
import { readRun } from '../client/read-run.ts';
import { resultOf } from '../client/follow-run.ts';
import { shownRunId } from '../client/run-ids.ts';
import { isFailure } from '../domain/failures.ts';
import { holdsOn } from '../domain/hold.ts';
import { isBackupPrefix, resolveBackupId } from '../domain/identifiers.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import { newestFirst, readEntry, readHolds, releasedOf } from './backup-catalog.ts';
import { theService, type CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { repositoriesOf } from './list-backups.ts';
import { holdText, releasedText } from './rendering/backup-table.ts';
import { backupText } from './rendering/backup-text.ts';
import { clockTime, localAndUtc } from './rendering/local-time.ts';
import { planText } from './rendering/plan-text.ts';
import { eventText } from './rendering/run-lines.ts';
import { failureLines, failureObject } from './report-failure.ts';
import { openSession } from './temporal-session.ts';

export const showBackupOrRun = (context: CommandContext, id: string): Promise<ExitCode> =>
  (id === 'latest' || isBackupPrefix(id) ? showBackup(context, id) : showRun(context, id));

async function showBackup(context: CommandContext, prefix: string): Promise<ExitCode> {
  const service = await theService(context);
  const repositories = await repositoriesOf(context, service);
  const holders = await Promise.all(repositories.map(async (repository) => ({ repository, ids: await repository.listBackups(service.name) })));
  const known = await newestFirst(repositories, service.name, [...new Set(holders.flatMap(({ ids }) => ids))]);
  const id = prefix === 'latest' ? known[0] : resolveBackupId(prefix, known);
  if (id === undefined) throw new HoldfastFailure('UnknownBackup', { operation: 'find the backup', object: service.name, cause: 'there is no backup yet', hint: 'Take one: holdfast backup.' });
  const entry = await readEntry(holders.filter(({ ids }) => ids.includes(id)).map(({ repository }) => repository), service.name, id);
  if (entry === null) throw new HoldfastFailure('UnknownBackup', { operation: 'find the backup', object: id, cause: 'it has just gone to the trash', hint: 'See holdfast list --trash.' });
  const survey = await readHolds(repositories, service.name);
  const holds = entry.manifest === null ? [] : holdsOn(survey.holds, entry.manifest.sequence);
  const released = releasedOf(survey.released, [entry]);
  context.output.object({ service: service.name, ...entry, holds, releasedHolds: released, exitCode: exitCodes.done });
  for (const line of [...backupText(entry, context.clock()), ...[...holds.map(holdText), ...released.map((each) => releasedText(each, context.clock().timeZone))].map((text) => `  ${text}`)]) context.output.result(line);
  return exitCodes.done;
}

async function showRun(context: CommandContext, text: string): Promise<ExitCode> {
  const { output } = context;
  const clock = context.clock();
  const session = await openSession(context);
  try {
    const run = await findRun(session.client, session.taskQueue, text);
    const view = await readRun(session.client, run.workflowId, context.timing.followCallMs);
    const outcome = view.open ? null : await resultOf<unknown>(session.client, run.workflowId).then((result) => ({ result }), (error: unknown) => ({ error }));
    output.object({ run: { ...run, id: shownRunId(run.workflowId) }, status: view.status, activities: view.activities, ...(outcome === null ? {} : 'error' in outcome ? { error: failureObject(outcome.error) } : outcome), exitCode: exitCodes.done });
    output.result(`${shownRunId(run.workflowId)} · ${run.runbook} of ${run.service ?? 'an unknown service'} · ${view.open ? view.status?.phase ?? 'open, no worker answers' : run.state.toLowerCase()} · started ${localAndUtc(run.startedAt, clock.timeZone, clock.now)}`);
    output.result(`  workflow id ${run.workflowId}, run id ${run.runId}${session.local === null ? '' : `, ${session.local.uiAddress}`}`);
    for (const event of view.status?.events ?? []) output.result(`  ${clockTime(event.at, clock.timeZone)} ${eventText(event, clock)}`);
    if (view.status?.plan != null) for (const line of planText(view.status.plan, clock)) output.result(line);
    for (const refusal of view.status?.refusals ?? []) output.result(`  refused decision: ${refusal}`);
    if (view.status?.decision != null) output.result(`  ${view.status.decision.verdict} by ${view.status.decision.by} at ${localAndUtc(view.status.decision.at, clock.timeZone, clock.now)}`);
    if (outcome !== null && 'error' in outcome) for (const line of isFailure(outcome.error) ? failureLines(outcome.error) : [String(outcome.error)]) output.result(line);
    if (view.open) output.result(`  Follow it: holdfast watch ${shownRunId(run.workflowId)} (${shortRunId(run.workflowId)})`);
    return exitCodes.done;
  } finally {
    await session.close();
  }
}
