/** The steps to a plan: where the rows as they were come from, a backup or a moment of the log, and what was made ready from there. */
import { CancellationScope } from '@temporalio/workflow';
import type { BackupReference } from '../../activities/proof-activities.ts';
import { planSteps } from '../../domain/cut-over-steps.ts';
import type { PlanBody } from '../../domain/restore-plan.ts';
import { replacesSomething } from '../../domain/rollback.ts';
import type { Component } from '../../domain/service.ts';
import { differenceLines, outcomeText, type TableOutcome } from '../../domain/tables/difference.ts';
import { quotedName } from '../../domain/tables/table-name.ts';
import { counted } from '../../domain/wording.ts';
import type { PreparedComponent } from '../../engines/engine-context.ts';
import type { ComponentFacts, TablesRequest } from '../../engines/engine.ts';
import type { Prepared } from '../shared/bring-back.ts';
import { discardName } from '../shared/cut-over.ts';
import { findWay, type Way } from '../shared/find-way.ts';
import { inspectTarget } from '../shared/inspect-target.ts';
import { readWish, type Wish } from '../shared/point-fields.ts';
import type { Run } from '../shared/run.ts';
import { finalFailure, workflowFailure } from '../shared/workflow-failure.ts';
import type { ValidRestoreTables } from './input.ts';

type TablesRun = Run<ValidRestoreTables>;

/** Makes ready and compares; called again when a reset made what was ready another run's. */
type Prepare = () => Promise<Prepared>;

/** Of the source that is asked for: what can be refused before anything is made is refused by now, or at the first call. */
export const sourceOf = async (run: TablesRun): Promise<Prepare> => (run.input.backup === undefined ? fromMoment(run, readWish(run.input)) : fromBackup(run, run.input.backup));

async function fromBackup(run: TablesRun, wanted: string): Promise<Prepare> {
  const { service } = run.input;
  const backup = await run.host.quick.findBackup({ service, backup: wanted });
  run.step(`[1/5] Source    ${backup.backupId}: every byte is read and checked`);
  const component = componentOf(run);
  await verifySource(run, component, backup);
  const { backupId, manifestSha256, point, skewMs } = backup;
  return async () => {
    run.step('[2/5] Prepare   beside the live data, nothing live changes');
    const facts = await inspectTarget(run, component, false);
    const prepared = await run.host.long.prepareTables({ service, backupId, manifestSha256, component, request: requestOf(run) });
    return ready(run, component, facts, prepared, { backup: { id: backupId, manifestSha256, point, skewMs } });
  };
}

/** The way is found once: whatever is archived or backed up later, it leads to the same position. */
function fromMoment(run: TablesRun, wish: Wish): Prepare {
  const { service } = run.input;
  const component = componentOf(run);
  let way: Way | null = null;
  return async () => {
    const facts = await inspectTarget(run, component, false);
    way ??= await findWay(run, component, wish, facts);
    const { base, timeline, segments } = way.located;
    run.step(`[2/5] Recover   a copy, away from the live data, ${wish.inclusive ? 'to' : 'to just before'} ${wish.point}; nothing live changes`);
    const { prepared, reached: { stop, lsn, lastCommitAt } } = await run.host.long.prepareTablesFromMoment({ service, component, located: way.located, request: requestOf(run) });
    const landed = `stopped ${stop}, at ${lsn}; last transaction ${lastCommitAt ?? 'before the base backup'}`;
    run.done(`The copy ${landed}`);
    return ready(run, component, facts, prepared, {
      backup: { id: base.backupId, manifestSha256: base.manifestSha256, point: prepared.loss.after, skewMs: 0 },
      moment: { asked: wish.point, inclusive: wish.inclusive, timeline, lsn, stop, lastCommitAt, segments, companions: [] }, notes: [`The log was replayed in a copy, which ${landed}.`],
    });
  };
}

const requestOf = ({ input: { wanted, exact, intoSchema } }: TablesRun): TablesRequest => ({ tables: wanted, exact: exact === true, into: intoSchema ?? null });

/** @throws InvalidInput where the service has no PostgreSQL, or more than one */
function componentOf(run: TablesRun): Component {
  const [only, ...others] = run.components;
  if (only !== undefined && others.length === 0) return only;
  throw workflowFailure('InvalidInput', { operation: 'find the database of the tables', object: run.input.service, cause: `the service has ${counted(run.components.length, 'PostgreSQL component')}`, hint: 'Tables are restored in a service that has one.' });
}

async function verifySource(run: TablesRun, component: Component, backup: BackupReference): Promise<void> {
  if (!backup.components.some((each) => each.component === component.name)) {
    throw workflowFailure('InvalidInput', { operation: 'match the backup with the service', object: backup.backupId, cause: `it holds no ${component.name}`, hint: 'Name a backup that has it.' });
  }
  await run.host.long.verifyComponent({ service: run.input.service, backupId: backup.backupId, manifestSha256: backup.manifestSha256, component: component.name, depth: 'bytes' });
}

interface TakenFrom extends Pick<PlanBody, 'moment'> {
  /** What only the plan says of it. */
  readonly notes?: readonly string[];
  readonly backup: NonNullable<PlanBody['backup']>;
}

function ready(run: TablesRun, component: Component, facts: ComponentFacts, prepared: PreparedComponent, from: TakenFrom): Prepared {
  const { service } = run.input;
  run.compensations.add(discardName(component.name), () => run.host.quick.discardPreparedComponent({ service, component, cutOver: prepared.cutOver }));
  run.step('[3/5] Compare   the tables as they were with the live ones');
  for (const line of (prepared.tables ?? []).flatMap(differenceLines)) run.done(line);
  for (const note of prepared.notes) run.note(note);
  const { id: backupId, manifestSha256, point } = from.backup;
  return { body: planBody(run, facts, prepared, from), approvalRequired: run.service.definition.approval.required.includes('restore'), prepared: [prepared], backup: { backupId, manifestSha256, point } };
}

function planBody(run: TablesRun, facts: ComponentFacts, prepared: PreparedComponent, { backup, moment, notes }: TakenFrom): PlanBody {
  return {
    format: 1,
    operation: 'restoreTables',
    service: run.input.service,
    backup,
    rollbackOf: null,
    stores: [facts.pinned],
    restarts: [],
    steps: planSteps([{ engine: 'postgres', ...prepared.steps }], []),
    losses: [],
    tables: prepared.tables ?? [],
    // Of a moment there is no manifest to compare with; `notCompared` says so.
    compared: moment === undefined ? [prepared.compared] : [],
    notCompared: prepared.notCompared,
    notes: [...notes ?? [], ...prepared.notes],
    wayBack: replacesSomething(prepared.cutOver) ? 'holdfast undo, until the kept rows are accepted away with holdfast accept' : `none is needed: nothing is replaced. DROP SCHEMA ${quotedName(run.input.intoSchema ?? '')} CASCADE takes it away`,
    ...(moment === undefined ? {} : { moment }),
  };
}

/** The work is done, whatever becomes of the question what it came to. */
export async function outcomeOf(run: TablesRun, prepared: readonly PreparedComponent[]): Promise<readonly TableOutcome[]> {
  const { service } = run.input;
  try {
    const tables = await CancellationScope.nonCancellable(() => Promise.all(prepared.map(({ cutOver }) => run.host.quick.readTables({ service, component: componentOf(run), cutOver }))));
    for (const table of tables.flat()) run.done(outcomeText(table));
    return tables.flat();
  } catch (error) {
    run.warn(`What was done could not be read back: ${finalFailure(error, service).message}`);
    return [];
  }
}
