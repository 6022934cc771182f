/** The stages of a drill: from the chosen backup to servers that run, and the questions that they are asked. */
import type { ChosenDrill } from '../../activities/drill/choose-activities.ts';
import type { DrilledBackup } from '../../activities/drill/drill-context.ts';
import type { DrillWay } from '../../activities/drill/newest-way.ts';
import type { DrilledServer } from '../../activities/drill/record-activities.ts';
import type { ApplicationTests } from '../../domain/drill/drill-report.ts';
import { canaryChecks, type CanaryReading } from '../../domain/drill/canary-checks.ts';
import { checkName, drillCheck, type DrillCheck } from '../../domain/drill/check.ts';
import { counted } from '../../domain/wording.ts';
import type { ReachedMoment } from '../../engines/moment-engine.ts';
import { allOrNone } from '../shared/all-or-none.ts';
import { companionNextTo, companionText, plannedCompanion } from '../shared/companion.ts';
import type { Run } from '../shared/run.ts';
import type { DrillLog } from './drill-log.ts';
import type { RunDrillInput } from './messages.ts';

type DrillRun = Run<RunDrillInput>;
type ChosenComponent = ChosenDrill['components'][number];

export interface BroughtUp {
  readonly servers: readonly DrilledServer[];
  /** Of stores that come from another backup than the chosen one. */
  readonly sources: Readonly<Record<string, DrilledBackup>>;
  readonly tests: ApplicationTests | null;
}

/** A component that fails falls out; what is asked of all of them together is asked where all of them run. */
export async function bringUp(run: DrillRun, log: DrillLog, chosen: ChosenDrill): Promise<BroughtUp> {
  const { service } = run.input;
  run.step('[2/6] Restore   into an environment of its own, which nothing leads out of');
  if (chosen.compose !== undefined && chosen.compose.setAside.length > 0) run.note(`Not followed of ${chosen.compose.file}: ${chosen.compose.setAside.join(', ')}`);
  const prepared = await log.stage({ phase: 'prepare', component: null, check: checkName('content') }, async () => {
    await run.host.quick.prepareDrill({ service, repository: chosen.backup.repository, components: chosen.components.map(({ name }) => name) });
    return true;
  });
  if (prepared === null) return { servers: [], sources: {}, tests: null };
  const started = (await allOrNone(chosen.components.map((component) => () => startOne(run, log, chosen, component)))).filter((each) => each !== null);
  const sources = Object.fromEntries(started.filter(({ backup }) => backup !== chosen.backup).map(({ component, backup }) => [component, backup]));
  run.phase('checking');
  run.step('[4/6] Check     what came back against the backup, and what there is around it');
  const checked = (await allOrNone(started.map((each) => () => checkOne(run, log, each)))).filter((each) => each !== null);
  // Of all stores at once: whether they came back to one moment, none can tell by itself.
  log.add(canaryChecks(checked.flatMap(({ canary }) => (canary === undefined ? [] : [canary]))));
  const servers = checked.map(({ server }) => server);
  const isWhole = servers.length === chosen.components.length;
  return { servers, sources, tests: isWhole ? await askAll(run, log, chosen, sources) : null };
}

type Started = Pick<DrilledServer, 'component' | 'at' | 'covered' | 'imageId' | 'differences'> & { readonly backup: DrilledBackup; /** A log of its own led it past this one. */ readonly past?: DrilledBackup };

async function startOne(run: DrillRun, log: DrillLog, chosen: ChosenDrill, component: ChosenComponent): Promise<Started | null> {
  const { name, whole } = component;
  const stage = { component: name, check: checkName('content', name) };
  const source = await sourceOf(run, log, chosen, component);
  if (source === null) return null;
  const step = { backup: source.backup, component: name, ...composed(chosen) };
  const verified = await log.stage({ ...stage, phase: 'verify' }, async () => {
    await run.host.long.verifyDrill(step);
    return true;
  });
  if (verified === null) return null;
  const way = chosen.way?.component === name ? chosen.way : undefined;
  // A copy of a whole server brings its indexes along, which another library would read in another order.
  const filled = await log.stage({ ...stage, phase: 'restore', ...(whole ? { classes: { VersionMismatch: 'collationVersionDiffers' } } : {}) }, () => run.host.long.fillDrill({ ...step, ...(way === undefined ? {} : { located: way.located }) }));
  if (filled === null) return null;
  if (way !== undefined && filled.replayedMs !== undefined) log.splitLast(name, 'replay', filled.replayedMs);
  for (const note of filled.notes) run.note(note);
  run.step(`[3/6] Start     ${name}, on a network of the drill's own`);
  const server = await log.stage({ ...stage, phase: 'start', classes: { ContainerNotRunning: 'serverDidNotStart' } }, () => run.host.long.startDrill(step));
  if (server === null) return null;
  if (whole && filled.reached !== null) log.add([recoveryCheck(name, filled.reached, way)]);
  // Where the log ends is known for longer than its last commit says.
  const at = way !== undefined && Date.parse(way.at) > Date.parse(filled.at) ? way.at : filled.at;
  return { component: name, at, ...(way === undefined ? source.covered : { covered: way.covered }), imageId: server.imageId, differences: filled.differences, backup: source.backup, ...(way === undefined && source.covered.covered !== 'appendOnlyFile' ? {} : { past: chosen.backup }) };
}

function recoveryCheck(name: string, { stop, lsn }: ReachedMoment, way: DrillWay | undefined): DrillCheck {
  const check = checkName('recovery', name);
  if (way === undefined) return drillCheck(check, name, 'asExpected', `Recovered to where the copy is consistent: stopped ${stop}, at ${lsn}.`);
  if (way.gap !== null) return drillCheck(check, name, 'logIncomplete', `Segment ${way.gap} is missing from the archive, though later ones are there: what came back ends at ${lsn}, and what lies behind the gap is lost.`);
  return drillCheck(check, name, 'asExpected', way.log === null ? `Recovered to the end of the base backup, with no log behind it: stopped ${stop}, at ${lsn}.` : `Recovered to the newest point, through ${counted(way.log.segments, 'segment')} of log without a gap: stopped ${stop}, at ${lsn}.`);
}

interface ComponentSource {
  readonly backup: DrilledBackup;
  readonly covered: Pick<DrilledServer, 'covered'>;
}

/** The chosen backup; of a store without such a log, in a drill that begins with nothing, what lies next to the instant. Null where there is none, which is a check that failed. */
async function sourceOf(run: DrillRun, log: DrillLog, { backup, way, nextTo }: ChosenDrill, { name, followed = false }: ChosenComponent): Promise<ComponentSource | null> {
  const component = run.service.definition.components.find((each) => each.name === name);
  if (nextTo === undefined || way?.component === name || component === undefined) return { backup, covered: {} };
  const found = await log.stage({ phase: 'locate', component: name, check: checkName('content', name), classes: { UnknownBackup: 'noBackup' } }, () => companionNextTo(run, component, nextTo, { repository: backup.repository }));
  if (found === null) return null;
  // The configuration promises it.
  const chosen = followed && found.aof !== true ? { ...found, unfit: 'nothing of it is archived' } : found;
  const planned = plannedCompanion(name, chosen, nextTo);
  run.note(companionText(planned));
  if (followed) {
    const lost = chosen.archivedUntil === undefined ? '' : `, though what is archived of it goes on until ${chosen.archivedUntil}`;
    log.add([drillCheck(checkName('recovery', name), name, planned.source === 'aof' && lost === '' ? 'asExpected' : 'logIncomplete', `${companionText(planned)}${lost}.`)]);
  }
  const { backupId, manifestSha256 } = chosen.backup;
  return { backup: { ...backup, backupId, manifestSha256 }, covered: planned.source === 'aof' ? { covered: 'appendOnlyFile' } : {} };
}

async function checkOne(run: DrillRun, log: DrillLog, { component, at, covered, imageId, differences, backup, past }: Started): Promise<{ readonly server: DrilledServer; readonly canary?: CanaryReading } | null> {
  const checked = await log.stage({ phase: 'compare', component, check: checkName('content', component) }, () => run.host.long.checkDrill({ backup, component, known: differences, ...(past === undefined ? {} : { past }) }));
  if (checked === null) return null;
  log.add(checked.checks);
  const { version, comparedObjects, notCompared, canary } = checked;
  const server = { component, at, ...(covered === undefined ? {} : { covered }), imageId, version, comparedObjects, differences: checked.differences, notCompared };
  return { server, ...(canary === undefined ? {} : { canary }) };
}

/** Which compose file each step reads: the one that the drill began with. */
const composed = ({ compose }: ChosenDrill): { readonly compose?: string } => (compose === undefined ? {} : { compose: compose.sha256 });

/** The user's own questions, the services beside the servers, the application's health, and its tests: one that cannot be asked keeps no other from it. */
async function askAll(run: DrillRun, log: DrillLog, chosen: ChosenDrill, sources: BroughtUp['sources']): Promise<ApplicationTests | null> {
  const { backup, assertions, health, tests, compose } = chosen;
  const drilled = { backup, ...(Object.keys(sources).length === 0 ? {} : { sources }), ...composed(chosen) };
  if (assertions + Number(health) + Number(tests) + (compose?.services.length ?? 0) > 0) run.step('[5/6] Ask       the assertions, the application and its tests');
  if (assertions > 0) log.add(await log.stage({ phase: 'assert', component: null, check: checkName('assertion') }, () => run.host.long.askDrill(drilled)) ?? []);
  if (compose !== undefined && compose.services.length > 0) log.add(await log.stage({ phase: 'health', component: null, check: checkName('service') }, () => run.host.long.startDrillServices(drilled)) ?? []);
  if (health) {
    const check = await log.stage({ phase: 'health', component: null, check: checkName('health') }, () => run.host.long.checkDrillHealth(drilled));
    if (check !== null) log.add([check]);
  }
  if (!tests) return null;
  const tested = await log.stage({ phase: 'test', component: null, check: checkName('tests') }, () => run.host.long.runDrillTests(drilled));
  if (tested === null) return null;
  log.add([tested.check]);
  return tested.tests;
}
