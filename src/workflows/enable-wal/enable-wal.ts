/** `enableWal`: which settings of the server are missing or dangerous for its log to be kept; and, for the plan that somebody saw, making them so. */
import type { LogSettingsPlan } from '../../activities/wal/settings-activities.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import { parseLimitMb } from '../../domain/wal/log-settings.ts';
import { commonFields, commonInput, onlyFields, optionalFlag, optionalText } from '../shared/input-fields.ts';
import { acquireRepaired, repairEndedRuns } from '../shared/repair-ended-runs.ts';
import { requireShown } from '../shared/require-shown.ts';
import { inFrame, type Run } from '../shared/run.ts';
import { workflowFailure } from '../shared/workflow-failure.ts';
import type { EnableWalInput, EnableWalResult } from './messages.ts';
import type { ServerSettingsPlan } from '../../domain/wal/server-settings.ts';

export async function enableWal(input: EnableWalInput): Promise<EnableWalResult> {
  return inFrame('enableWal', input, readInput, async (run) => {
    const { service, apply, restart, slotLimit, replace, incremental } = run.input;
    if (apply !== undefined) await repairEndedRuns(run, true);
    // A backup, which bears a setting but no restart, may hold the service for hours; from a cut-over its fence keeps both away.
    const lease = restart === true ? await acquireRepaired(run, 'a restart of the database') : null;
    const plan = await run.host.quick.planLogSettings({ service, ...(slotLimit === undefined ? {} : { slotLimit }), ...(replace === undefined ? {} : { replace }), ...(incremental === undefined ? {} : { incremental }) });
    for (const server of plan.servers) tell(run, server);
    const isInOrder = plan.servers.every(({ changes, pendingRestart }) => changes.length === 0 && pendingRestart.length === 0);
    if (apply === undefined || isInOrder) {
      await lease?.release();
      return { ...plan, outcome: isInOrder ? 'inOrder' : 'planned', restarted: [], waiting: [] };
    }
    requireShown(service, 'change the settings of the log', plan.digest, apply, 'holdfast wal enable');
    const done = await carryOut(run, plan);
    await lease?.release();
    return { ...plan, outcome: 'changed', ...done };
  });
}

function readInput(raw: Record<string, unknown>): EnableWalInput {
  onlyFields(raw, [...commonFields, 'apply', 'restart', 'slotLimit', 'replace', 'incremental']);
  const [apply, restart, slotLimit, replace, incremental] = [optionalText(raw, 'apply'), optionalFlag(raw, 'restart'), optionalText(raw, 'slotLimit'), optionalFlag(raw, 'replace'), optionalFlag(raw, 'incremental')];
  const refuse = (object: string, cause: string, hint: string): Error => workflowFailure('InvalidInput', { operation: 'read the input', object, cause, hint });
  if (restart === true && apply === undefined) throw refuse('restart', 'no plan is named', 'Run it without "restart" first, and name the plan that it shows in "apply".');
  if (slotLimit !== undefined && parseLimitMb(slotLimit) === null) throw refuse('slotLimit', 'it is no size in whole MB or GB', 'Write it like 4096MB or 4GB.');
  return { ...commonInput(raw), ...(apply === undefined ? {} : { apply }), ...(restart === undefined ? {} : { restart }), ...(slotLimit === undefined ? {} : { slotLimit }), ...(replace === undefined ? {} : { replace }), ...(incremental === undefined ? {} : { incremental }) };
}

function tell(run: Run<EnableWalInput>, { component, changes, byHand, pendingRestart, notes, offers = [] }: ServerSettingsPlan): void {
  for (const { statement, why, effect } of changes) run.note(`${component}: ${statement} (${why}${effect === 'restart' ? '; needs a restart' : ''})`);
  for (const { what, why } of byHand) run.warn(`${component}: ${what} (${why})`);
  if (pendingRestart.length > 0) run.warn(`${component}: waiting for a restart: ${pendingRestart.join(', ')}`);
  for (const note of notes) run.warn(`${component}: ${note}`);
  for (const offer of offers) run.note(`${component}: ${offer}`);
}

async function carryOut(run: Run<EnableWalInput>, { servers }: LogSettingsPlan): Promise<Pick<EnableWalResult, 'restarted' | 'waiting'>> {
  const { service, restart } = run.input;
  const restarted: string[] = [];
  const waiting: string[] = [];
  for (const { component: name, container, changes, pendingRestart } of servers) {
    const component = run.components.find((each): each is PostgresComponent => each.name === name && each.engine === 'postgres');
    if (component === undefined) continue;
    if (changes.length > 0) {
      run.step(`Changing the settings of ${container}`);
      await run.host.quick.changeLogSettings({ service, component, changes });
      for (const { statement } of changes) run.done(statement);
    }
    const needed = [...pendingRestart, ...changes.filter(({ effect }) => effect === 'restart').map(({ name: setting }) => setting)];
    if (needed.length === 0) continue;
    if (restart !== true) {
      waiting.push(...needed.map((setting) => `${container}: ${setting}`));
      continue;
    }
    run.step(`Restarting ${container}`);
    if ((await run.host.long.restartForSettings({ service, component })).restarted) restarted.push(container);
    run.done(`${container} answers, with ${needed.join(', ')}`);
  }
  if (waiting.length > 0) run.warn(`Waiting for a restart: ${waiting.join(', ')}`);
  return { restarted, waiting };
}
