/** The stages of a drill: from the chosen backup to servers that run, and the questions that they are asked. */
import type { ChosenDrill } from '../../activities/drill/choose-activities.ts';
import type { DrilledServer } from '../../activities/drill/record-activities.ts';
import type { ApplicationTests } from '../../domain/drill/drill-report.ts';
import { checkName, drillCheck } from '../../domain/drill/check.ts';
import { allOrNone } from '../shared/all-or-none.ts';
import type { Run } from '../shared/run.ts';
import type { DrillLog } from './drill-log.ts';
import type { RunDrillInput } from './messages.ts';

type DrillRun = Run<RunDrillInput>;
type ChosenComponent = ChosenDrill['components'][number];

export interface BroughtUp {
  readonly servers: readonly DrilledServer[];
  readonly tests: ApplicationTests | null;
}

/** A component that fails falls out; what is asked of all of them together is asked where all of them run. */
export async function bringUp(run: DrillRun, log: DrillLog, chosen: ChosenDrill): Promise<BroughtUp> {
  const { service } = run.input;
  run.step('[2/6] Restore   into an environment of its own, which nothing leads out of');
  const prepared = await log.stage({ phase: 'prepare', component: null, check: checkName('content') }, async () => {
    await run.host.quick.prepareDrill({ service, components: chosen.components.map(({ name }) => name) });
    return true;
  });
  if (prepared === null) return { servers: [], tests: null };
  const started = (await allOrNone(chosen.components.map((component) => () => startOne(run, log, chosen, component)))).filter((each) => each !== null);
  run.phase('checking');
  run.step('[4/6] Check     what came back against the backup, and what there is around it');
  const servers = (await allOrNone(started.map((each) => () => checkOne(run, log, chosen, each)))).filter((each) => each !== null);
  const isWhole = servers.length === chosen.components.length;
  if (!isWhole) return { servers, tests: null };
  return { servers, tests: await askAll(run, log, chosen) };
}

type Started = Pick<DrilledServer, 'component' | 'at' | 'imageId' | 'differences'>;

async function startOne(run: DrillRun, log: DrillLog, { backup }: ChosenDrill, { name, whole }: ChosenComponent): Promise<Started | null> {
  const [stage, step] = [{ component: name, check: checkName('content', name) }, { backup, component: name }];
  const verified = await log.stage({ ...stage, phase: 'verify' }, async () => {
    await run.host.long.verifyDrill(step);
    return true;
  });
  if (verified === null) return null;
  // A copy of a whole server brings its indexes along, which another library would read in another order.
  const filled = await log.stage({ ...stage, phase: 'restore', ...whole ? { classes: { VersionMismatch: 'collationVersionDiffers' } } : {} }, () => run.host.long.fillDrill(step));
  if (filled === null) return null;
  for (const note of filled.notes) run.note(note);
  run.step(`[3/6] Start     ${name}, on a network of the drill's own`);
  const server = await log.stage({ ...stage, phase: 'start', classes: { ContainerNotRunning: 'serverDidNotStart', DatabaseUnreachable: 'serverDidNotStart' } }, () => run.host.long.startDrill(step));
  if (server === null) return null;
  if (whole && filled.reached !== null) log.add([drillCheck(checkName('recovery', name), name, 'asExpected', `Recovered to where the copy is consistent: stopped ${filled.reached.stop}, at ${filled.reached.lsn}.`)]);
  return { component: name, at: filled.at, imageId: server.imageId, differences: filled.differences };
}

async function checkOne(run: DrillRun, log: DrillLog, { backup }: ChosenDrill, { component, at, imageId, differences }: Started): Promise<DrilledServer | null> {
  const checked = await log.stage({ phase: 'compare', component, check: checkName('content', component) }, () => run.host.long.checkDrill({ backup, component, known: differences }));
  if (checked === null) return null;
  log.add(checked.checks);
  const { version, comparedObjects, notCompared } = checked;
  return { component, at, imageId, version, comparedObjects, differences: checked.differences, notCompared };
}

/** The user's own questions, the application's health, and its tests: one that cannot be asked keeps no other from it. */
async function askAll(run: DrillRun, log: DrillLog, { backup, assertions, health, tests }: ChosenDrill): Promise<ApplicationTests | null> {
  if (assertions + Number(health) + Number(tests) > 0) run.step('[5/6] Ask       the assertions, the application and its tests');
  if (assertions > 0) log.add(await log.stage({ phase: 'assert', component: null, check: checkName('assertion') }, () => run.host.long.askDrill({ backup })) ?? []);
  if (health) {
    const check = await log.stage({ phase: 'health', component: null, check: checkName('health') }, () => run.host.long.checkDrillHealth({ backup }));
    if (check !== null) log.add([check]);
  }
  if (!tests) return null;
  const tested = await log.stage({ phase: 'test', component: null, check: checkName('tests') }, () => run.host.long.runDrillTests({ backup }));
  if (tested === null) return null;
  log.add([tested.check]);
  return tested.tests;
}
