/**
 * `npm run test:chaos [-- options]`: the whole kill sweep. Prints every case with its outcome, then the number of cases and of violations;
 * exits 1 when there is a violation, a case that was not begun, or one that struck nothing.
 *
 *   --runbook NAME       takeBackup|verifyBackup|proveBackup|runDrill|importBackup|exportBackup|restoreBackup|restoreTables|undoRestore|acceptRestore|reapLeftovers|restoreToPointInTime|findMoment|cloneService|
 *                        removeClone|enableWal|markMoment|forgetWal|archiveWal|pruneBackups|deleteBackup|undeleteBackup, or one of them with its twist: takeBackup+cancelled|takeBackup+retention|restoreBackup+swapFails|
 *                        restoreToPointInTime+swapFails|restoreTables+moment|reapLeftovers+ drill|scratch|back|momentPaused|momentBack|momentForward|clone; of a whole server
 *                        takeBackup+base|restoreBackup+base|undoRestore+base|acceptRestore+base, and takeBackup+ proveBackup+ restoreBackup+ incremental, proveBackup+base; of stores that answer nobody restoreBackup+ unusable|unusableBack|silent|silentBack; where production
 *                        archives both its logs restoreToPointInTime+ restoreTables+ findMoment+ cloneService+ archive, and runDrill+rebuild; of other drills runDrill+ composed|failover; where the volume has room for the data once
 *                        restoreBackup+ undoRestore+ acceptRestore+ replace, restoreBackup+replaceDiffers, reapLeftovers+replaceDropped     (again for more; all)
 *   --victim NAME        worker|postgres|redis|terminate|stopped|cancel|temporal|engine           (again for more; all)
 *   --only TEXT          cases whose name contains the text                                       (again for more)
 *   --case NAME          just this one, by its whole name, without the dry run that finds the points (again for more)
 *   --every N            each N-th case only
 *   --depth each|every   a few points inside each activity, or every one
 *   --lanes N            services side by side (3)
 *   --minutes N          begins no case after that; those not begun make it fail
 *   --resume FILE        what an earlier run printed: cases that it says are ok are left out   (again for more)
 *   --list               names the cases and runs none
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { abortOnSignals } from '../../devbox/signals.ts';
import { caseNamed, furtherCases, otherCases, workerCases, type ChaosCase } from './cases.ts';
import { openEnvironment, type ChaosEnvironment } from './environment.ts';
import { createDoomedWorkers } from './fault/doomed-worker.ts';
import { recordCalls, type RecordedActivity } from './record-calls.ts';
import type { CaseResult } from './run-case.ts';
import { scenarios } from './scenarios.ts';
import { serverCases, unarmed, withEngineVictim, withTemporalVictim, type ServerVictim } from './servers.ts';
import { stageWith, type Stage } from './stage/stage.ts';
import { sweep } from './sweep.ts';
import type { Strike } from './victims.ts';

const { values: options } = parseArgs({
  options: {
    runbook: { type: 'string', multiple: true }, victim: { type: 'string', multiple: true }, only: { type: 'string', multiple: true }, case: { type: 'string', multiple: true }, every: { type: 'string', default: '1' },
    depth: { type: 'string', default: 'each' }, lanes: { type: 'string', default: '3' }, minutes: { type: 'string', default: '600' },
    resume: { type: 'string', multiple: true, default: [] }, list: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
  },
});

const wanted = (list: readonly string[] | undefined, name: string): boolean => list === undefined || list.includes(name);

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function tell({ name, outcome, missed, reaped, violations, seconds }: CaseResult): void {
  const verdict = violations.length > 0 ? 'VIOLATED' : missed ? 'MISSED' : 'ok';
  say(`${verdict.padEnd(8)} ${seconds.toFixed(1).padStart(5)} s  ${name}  ${outcome.status}${outcome.failure === null ? '' : ` ${outcome.failure}`}${reaped.length === 0 ? '' : `  (reaped: ${reaped.join('; ').slice(0, 600)})`}`);
  for (const violation of violations) say(`         ${violation}`);
}

async function recordAll(): Promise<readonly RecordedActivity[]> {
  if (options.victim?.every((victim) => victim === 'temporal' || victim === 'engine') === true) return [];
  let stage: Stage | null = null;
  const workers = createDoomedWorkers();
  try {
    const recorded: RecordedActivity[] = [];
    for (const scenario of scenarios.filter(({ name }) => wanted(options.runbook, name))) {
      stage = await stageWith(scenario.room, stage);
      recorded.push(...await recordCalls(stage, scenario, () => workers.next()));
    }
    return recorded;
  } finally {
    await workers.stop();
    await stage?.stop();
  }
}

/** The sweep takes two hours: one that was cut off goes on where it stopped. */
const alreadyOk: ReadonlySet<string> = new Set(options.resume.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/^ok +[\d.]+ s {2}(?<name>.+?) {2}[A-Z]/gm)].map(({ groups }) => groups?.name ?? '')));

const isChosen = ({ name, scenario, victim }: ChaosCase): boolean =>
  !alreadyOk.has(name) && wanted(options.runbook, scenario) && wanted(options.victim, victim) && (options.only === undefined || options.only.some((text) => name.includes(text)));

interface Chosen {
  readonly onStage: readonly ChaosCase[];
  readonly temporal: readonly string[];
  readonly engine: readonly string[];
}

function chosen(recorded: readonly RecordedActivity[]): Chosen {
  // A point that a scenario names may be one of those that are struck anyway.
  const all = [...new Map([...workerCases(recorded, options.depth === 'every' ? 'every' : 'each'), ...otherCases(recorded), ...scenarios.flatMap(furtherCases)].map((each) => [each.name, each])).values()];
  const order = scenarios.map(({ name }) => name);
  const names = (victim: ServerVictim): readonly string[] => serverCases(victim, unarmed).filter(isChosen).map(({ name }) => name);
  return {
    // Undo after undo needs no new stage.
    onStage: all.filter(isChosen).filter((_, index) => index % Number(options.every) === 0).sort((a, b) => order.indexOf(a.scenario) - order.indexOf(b.scenario)),
    temporal: names('temporal'),
    engine: names('engine'),
  };
}

async function runAll(environment: ChaosEnvironment, signal: AbortSignal): Promise<number> {
  const beganAt = Date.now();
  const cases = options.case === undefined ? chosen(await recordAll()) : { onStage: options.case.map(caseNamed).filter(({ name }) => !alreadyOk.has(name)), temporal: [], engine: [] };
  const names = [...cases.onStage.map(({ name }) => name), ...cases.temporal, ...cases.engine];
  if (options.list) {
    for (const name of names) say(name);
    return 0;
  }
  say(`${names.length} cases, ${cases.onStage.length} of them on ${options.lanes} services side by side`);
  const deadlineMs = beganAt + Number(options.minutes) * 60_000;
  const inTime = (): boolean => Date.now() < deadlineMs && !signal.aborted;
  // One after the other: the server that one case kills is every other case's too.
  const onServer = (victim: ServerVictim) => (strike: Strike) => sweep(serverCases(victim, strike).filter(isChosen), { lanes: 1, deadlineMs, signal, tell });
  const results = [...await sweep(cases.onStage, { lanes: Number(options.lanes), deadlineMs, signal, tell })];
  if (cases.temporal.length > 0 && inTime()) results.push(...await withTemporalVictim(environment, onServer('temporal')));
  if (cases.engine.length > 0 && inTime()) results.push(...await withEngineVictim(onServer('engine')));
  return summary(results, names.filter((name) => !results.some((result) => result.name === name)), (Date.now() - beganAt) / 60_000);
}

function summary(results: readonly CaseResult[], notBegun: readonly string[], minutes: number): number {
  const violated = results.filter(({ violations }) => violations.length > 0);
  const missed = results.filter((result) => result.missed);
  const failed = results.filter(({ outcome }) => outcome.status === 'FAILED');
  if (violated.length > 0) say('\nviolations:');
  for (const { name, violations } of violated) say(`  ${name}\n${violations.map((violation) => `    ${violation}`).join('\n')}`);
  say(`\n${results.length} cases in ${minutes.toFixed(1)} min: ${results.length - failed.length} finished, ${failed.length} failed with a clear reason, ${results.filter(({ reaped }) => reaped.length > 0).length} needed reapLeftovers`);
  if (missed.length > 0) say(`${missed.length} struck nothing:\n${missed.map(({ name }) => `  ${name}`).join('\n')}`);
  if (notBegun.length > 0) say(`${notBegun.length} were not begun:\n${notBegun.map((name) => `  ${name}`).join('\n')}`);
  say(`${results.length} cases, ${violated.length} violations, ${missed.length} missed, ${notBegun.length} not begun`);
  return results.length > 0 && violated.length + missed.length + notBegun.length === 0 ? 0 : 1;
}

if (options.help) {
  say(readFileSync(import.meta.filename, 'utf8').split('*/')[0]?.replaceAll(/^\/?\*+ ?|^ \* ?/gm, '').trim() ?? '');
  process.exit(0);
}
const signal = abortOnSignals();
const environment = await openEnvironment();
let exitCode = 1;
try {
  exitCode = await runAll(environment, signal);
} finally {
  await environment.stop();
}
process.exit(exitCode);
