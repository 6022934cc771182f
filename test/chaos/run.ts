/**
 * `npm run test:chaos [-- options]`: the whole kill sweep. Prints every case with its outcome, then the number of cases and of violations;
 * exits 1 when there is a violation or a case that was not carried out.
 *
 *   --runbook takeBackup|proveBackup|restoreBackup|undoRestore|acceptRestore     (again for more; all)
 *   --victim worker|postgres|redis|terminate|stopped|cancel|temporal|engine      (again for more; all)
 *   --only TEXT          cases whose name contains the text
 *   --every N            each N-th case only
 *   --depth each|every   a few points inside each activity, or every one
 *   --lanes N            services side by side (3)
 *   --minutes N          begins no case after that
 *   --list               names the cases and runs none
 */
import { parseArgs } from 'node:util';
import { abortOnSignals } from '../../devbox/signals.ts';
import { otherCases, workerCases, type ChaosCase } from './cases.ts';
import { openEnvironment, type ChaosEnvironment } from './environment.ts';
import { recordCalls, type RecordedActivity } from './record-calls.ts';
import { runbooks, type CaseResult, type Runbook } from './run-case.ts';
import { engineCases, temporalCases } from './servers.ts';
import { startStage } from './stage/stage.ts';
import { sweep } from './sweep.ts';

const { values: options } = parseArgs({
  options: {
    runbook: { type: 'string', multiple: true }, victim: { type: 'string', multiple: true }, only: { type: 'string' }, every: { type: 'string', default: '1' },
    depth: { type: 'string', default: 'each' }, lanes: { type: 'string', default: '3' }, minutes: { type: 'string', default: '600' }, list: { type: 'boolean', default: false },
  },
});

const wanted = (list: readonly string[] | undefined, name: string): boolean => list === undefined || list.includes(name);

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function tell({ name, outcome, missed, reaped, violations, seconds }: CaseResult): void {
  const verdict = violations.length > 0 ? 'VIOLATED' : missed ? 'missed' : 'ok';
  say(`${verdict.padEnd(8)} ${seconds.toFixed(1).padStart(5)} s  ${name}  ${outcome.status}${outcome.failure === null ? '' : ` ${outcome.failure}`}${reaped.length === 0 ? '' : `  (reaped: ${reaped.join('; ')})`}`);
  for (const violation of violations) say(`         ${violation}`);
}

async function recordAll(): Promise<readonly RecordedActivity[]> {
  const stage = await startStage();
  try {
    const recorded: RecordedActivity[] = [];
    for (const runbook of runbooks.filter((each: Runbook) => wanted(options.runbook, each))) recorded.push(...await recordCalls(stage, runbook));
    return recorded;
  } finally {
    await stage.stop();
  }
}

function chosen(recorded: readonly RecordedActivity[]): readonly ChaosCase[] {
  const all = [...workerCases(recorded, options.depth === 'every' ? 'every' : 'each'), ...otherCases(recorded)];
  return all.filter(({ name, victim }) => wanted(options.victim, victim) && (options.only === undefined || name.includes(options.only)))
    .filter((_, index) => index % Number(options.every) === 0)
    // Undo after undo needs no new stage.
    .sort((a, b) => runbooks.indexOf(a.runbook as Runbook) - runbooks.indexOf(b.runbook as Runbook));
}

async function runAll(environment: ChaosEnvironment, signal: AbortSignal): Promise<number> {
  const beganAt = Date.now();
  const cases = chosen(await recordAll());
  if (options.list) {
    for (const { name } of cases) say(name);
    return 0;
  }
  say(`${cases.length} cases on ${options.lanes} services side by side`);
  const deadlineMs = beganAt + Number(options.minutes) * 60_000;
  const results = [...await sweep(cases, { lanes: Number(options.lanes), deadlineMs, signal, tell })];
  if (wanted(options.victim, 'temporal') && options.only === undefined && Date.now() < deadlineMs) results.push(...await temporalCases(environment, tell));
  if (wanted(options.victim, 'engine') && options.only === undefined && Date.now() < deadlineMs) results.push(...await engineCases(tell));
  return summary(results, cases.filter(({ name }) => !results.some((result) => result.name === name)).length, (Date.now() - beganAt) / 60_000);
}

function summary(results: readonly CaseResult[], notRun: number, minutes: number): number {
  const violated = results.filter(({ violations }) => violations.length > 0);
  const missed = results.filter((result) => result.missed);
  const failed = results.filter(({ outcome }) => outcome.status === 'FAILED');
  if (violated.length > 0) say('\nviolations:');
  for (const { name, violations } of violated) say(`  ${name}\n${violations.map((violation) => `    ${violation}`).join('\n')}`);
  say(`\n${results.length} cases in ${minutes.toFixed(1)} min: ${results.length - failed.length} finished, ${failed.length} failed with a clear reason, ${results.filter(({ reaped }) => reaped.length > 0).length} needed reapLeftovers`);
  if (missed.length > 0) say(`${missed.length} never came to their point: ${missed.map(({ name }) => name).join(', ')}`);
  if (notRun > 0) say(`${notRun} were not begun in time`);
  say(`${results.length} cases, ${violated.length} violations`);
  return violated.length === 0 && notRun === 0 ? 0 : 1;
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
