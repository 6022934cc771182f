/**
 * `cloneService`: a backup, or the way to a moment as a restore finds it, and then servers of their own instead of a plan. Nothing live is touched, so nobody is asked
 * and no lease is taken; until the last server is started all of it is this run's own, and goes with it.
 */
import type { CopyAddress, FilledStore } from '../../activities/copies/clone-activities.ts';
import type { BackupReference } from '../../activities/proof-activities.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { PlannedCompanion } from '../../domain/restore-plan.ts';
import type { Component } from '../../domain/service.ts';
import { loggedComponent } from '../restore-to-point-in-time/recover.ts';
import { allOrNone } from '../shared/all-or-none.ts';
import { companionNextTo, companionText, endedBackup, plannedCompanion } from '../shared/companion.ts';
import { findWay, type LiveCluster, type Way } from '../shared/find-way.ts';
import { readWish, type Wish } from '../shared/point-fields.ts';
import { inFrame, type Run } from '../shared/run.ts';
import { readCloneInput } from './input.ts';
import type { ClonedServer, CloneServiceInput, CloneServiceResult } from './messages.ts';

type CloneRun = Run<CloneServiceInput>;
type StoredBackup = Pick<BackupReference, 'backupId' | 'manifestSha256'>;

/** A server of the copy that has its data, and where from. */
interface Filled {
  readonly component: Component;
  readonly backupId: string;
  readonly filled: FilledStore;
  /** Of a store without a log of its own: what it comes from, and how far that is off. */
  readonly companion?: PlannedCompanion;
}

export async function cloneService(input: CloneServiceInput): Promise<CloneServiceResult> {
  return inFrame('cloneService', input, readCloneInput, async (run) => {
    const { service, name: copy, backup } = run.input;
    requireKnownPorts(run);
    if (backup === undefined) loggedComponent(run);
    await run.host.quick.requireCopyName({ service, copy, components: run.components.map(({ name }) => name) });
    const dump = backup === undefined ? null : await run.host.quick.findBackup({ service, backup });
    if (dump === null) return copyOfMoment(run, readWish(run.input));
    const isWhole = run.components.some(({ name }) => dump.components.some(({ component, whole }) => component === name && whole === true));
    return isWhole ? copyOfMoment(run, { point: `backup:${dump.backupId}`, inclusive: true }) : copyOfDump(run, dump);
  });
}

async function copyOfMoment(run: CloneRun, wish: Wish): Promise<CloneServiceResult> {
  const { name, dryRun } = run.input;
  const logged = loggedComponent(run);
  const way = await findWay(run, logged, wish, await sighted(run, logged));
  const { base, timeline } = way.located;
  const common = { name, asked: wish, backupId: base.backupId, timeline };
  if (dryRun === true) return { ...common, outcome: 'planned', reached: null, servers: [] };
  const { servers, own } = await made(run, async () => {
    const recovered = await recoverCopy(run, way, logged);
    return { own: recovered, others: await fillOthers(run, way, logged, recovered.filled.at) };
  });
  return { ...common, outcome: 'made', reached: own.filled.reached, servers };
}

/** Every store from that one backup, PostgreSQL into a new server. */
async function copyOfDump(run: CloneRun, dump: BackupReference): Promise<CloneServiceResult> {
  const { name, dryRun } = run.input;
  const missing = run.components.find((component) => !dump.components.some((each) => each.component === component.name));
  if (missing !== undefined) throw new HoldfastFailure('InvalidInput', { operation: 'make the copy', object: missing.name, cause: `backup ${dump.backupId} does not hold it`, hint: 'Copy the others: --only, with their names.' });
  run.step(`[1/5] Source    backup ${dump.backupId}`);
  const common = { name, asked: null, backupId: dump.backupId, timeline: null };
  if (dryRun === true) {
    await allOrNone(run.components.map((component) => () => verify(run, component, dump)));
    return { ...common, outcome: 'planned', reached: null, servers: [] };
  }
  run.step('[2/5] Restore   into volumes of the copy\'s own, and compare; nothing live changes');
  const { servers } = await made(run, async () => {
    // One after the other: the first makes the network, and two at once would make two of one name.
    for (const component of run.components) await create(run, component, dump, dump.point);
    const [own, ...others] = await allOrNone(run.components.map((component) => () => fillFrom(run, component, dump)));
    return { own: own as Filled, others };
  });
  return { ...common, outcome: 'made', reached: null, servers };
}

interface Made {
  readonly own: Filled;
  readonly others: readonly Filled[];
}

/** Filled, and started; whatever there is of it goes where that does not come to its end. */
async function made(run: CloneRun, fill: () => Promise<Made>): Promise<Made & { readonly servers: readonly ClonedServer[] }> {
  const { service, name: copy } = run.input;
  const undo = 'remove the unfinished copy';
  run.compensations.add(undo, () => run.host.quick.discardCopy({ service, copy }));
  const { own, others } = await fill();
  run.step('[4/5] Start     each on a port of this host alone');
  // With the one that was begun first it is whole: it comes last.
  const addresses = await run.host.long.startCopy({ service, copy, components: [...others, own].map(({ component }) => component), sizes: Object.fromEntries([own, ...others].map(({ component, filled }) => [component.name, filled.sizeBytes ?? 0])) });
  const servers = [own, ...others].map((filled) => serverOf(filled, addresses));
  run.compensations.drop(undo);
  for (const { component, address } of servers) run.done(`${component} at ${address}`);
  run.step(`[5/5] Kept      until it is removed: holdfast clone remove ${copy}`);
  return { own, others, servers };
}

/** @throws HoldfastFailure InvalidInput */
function requireKnownPorts({ input: { ports = {} }, components }: CloneRun): void {
  const unknown = Object.keys(ports).find((name) => !components.some((component) => component.name === name));
  if (unknown !== undefined) throw new HoldfastFailure('InvalidInput', { operation: 'read the input', object: `ports.${unknown}`, cause: 'the service has no such component', hint: `Its components are ${components.map(({ name }) => name).join(', ')}.` });
}

/** Which cluster is live, where there is one to be seen: another one's archive leads elsewhere. */
async function sighted(run: CloneRun, component: Component): Promise<LiveCluster | undefined> {
  const found = await run.host.quick.sightCluster({ service: run.input.service, component });
  if (found === null) run.note(`${component.container} tells nothing of itself: what its base backups and their log hold is copied`);
  return found === null ? undefined : { pinned: { identity: found.identity }, empty: found.empty, ...(found.timeline === undefined ? {} : { timeline: found.timeline }) };
}

async function recoverCopy(run: CloneRun, { located, wish }: Way, component: Component): Promise<Filled> {
  const { service, name: copy } = run.input;
  run.step(`[2/5] Recover   into volumes of the copy's own, ${wish.inclusive ? 'to' : 'to just before'} ${wish.point}; nothing live changes`);
  const backup = { backupId: located.base.backupId, manifestSha256: located.base.manifestSha256 };
  await create(run, component, backup, wish.point);
  const filled = await run.host.long.fillCopy({ service, copy, component, backup, located });
  const { reached, notes } = filled;
  if (reached !== null) run.done(`Stopped ${reached.stop}, at ${reached.lsn}; last transaction ${reached.lastCommitAt ?? 'before the base backup'}`);
  for (const note of notes) run.note(note);
  return { component, backupId: backup.backupId, filled };
}

/** Each from what lies next to the instant: its append-only file, or a backup. */
function fillOthers(run: CloneRun, way: Way, logged: Component, at: string): Promise<readonly Filled[]> {
  const others = run.components.filter((component) => component !== logged);
  if (others.length > 0) run.step('[3/5] Others    from what there is of them next to that moment');
  return allOrNone(others.map((component) => async () => {
    const chosen = await companionNextTo(run, component, at, { of: endedBackup(way) });
    await create(run, component, chosen.backup, way.wish.point);
    const filled = await fillFrom(run, component, chosen.backup);
    const companion = plannedCompanion(component.name, chosen, at);
    run.note(companionText(companion));
    return { ...filled, companion };
  }));
}

const verify = (run: CloneRun, { name }: Component, { backupId, manifestSha256 }: StoredBackup): Promise<unknown> =>
  run.host.long.verifyComponent({ service: run.input.service, backupId, manifestSha256, component: name, depth: 'bytes' });

/** What a backup holds of a store, and no log behind it. */
async function fillFrom(run: CloneRun, component: Component, { backupId, manifestSha256 }: StoredBackup): Promise<Filled> {
  const { service, name: copy } = run.input;
  const backup = { backupId, manifestSha256 };
  await verify(run, component, backup);
  const filled = await run.host.long.fillCopy({ service, copy, component, backup });
  for (const note of filled.notes) run.note(note);
  return { component, backupId, filled };
}

const create = ({ host, input: { service, name: copy, ports = {} } }: CloneRun, component: Component, { backupId, manifestSha256 }: StoredBackup, point: string): Promise<unknown> =>
  host.quick.createCopyServer({ service, copy, component, backup: { backupId, manifestSha256 }, point, hostPort: ports[component.name] ?? null });

function serverOf({ component, backupId, filled: { at }, companion }: Filled, addresses: readonly CopyAddress[]): ClonedServer {
  const { container, address } = addresses.find((each) => each.component === component.name) as CopyAddress;
  const who = component.engine === 'postgres' ? { user: component.user, database: component.database } : component.user === undefined ? {} : { user: component.user };
  return { component: component.name, engine: component.engine, container, address, ...who, backupId, at, ...(companion === undefined ? {} : skewOf(companion)) };
}

const skewOf = ({ beforeMs, source, unfit }: PlannedCompanion): Pick<ClonedServer, 'beforeMs' | 'source' | 'unfit'> =>
  ({ beforeMs, ...(source === undefined ? {} : { source }), ...(unfit === undefined ? {} : { unfit }) });
