/**
 * `npm run test:zoo [-- options]`: kinds of broken backups and environments, each drilled and classified, and healthy databases, each restored and compared
 * without a false alarm. Prints a line each and the sums last; exits 1 where one is answered otherwise than it has to be.
 *
 *   --only TEXT      those whose name contains the text (again for more); healthy ones are called healthy/…
 *   --lanes N        so many side by side (2)
 *   --rounds N       rounds of healthy databases on each version of PostgreSQL (4)
 *   --list           names them and runs none
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureImages, testImages } from '../../devbox/images.ts';
import { abortOnSignals } from '../../devbox/signals.ts';
import { workflowSource } from '../../src/worker/create-worker.ts';
import { openEnvironment } from '../chaos/environment.ts';
import { dockerHost } from '../support/test-environment.ts';
import { openGround } from './ground.ts';
import { healthyRounds } from './healthy/rounds.ts';
import { inLanes } from './lanes.ts';
import { allKinds } from './kinds/all.ts';
import { harmlessKinds } from './kinds/harmless.ts';
import { sumOf, type ZooResult } from './result.ts';
import { runAnimal } from './run-animal.ts';

const { values: options } = parseArgs({
  options: { only: { type: 'string', multiple: true }, lanes: { type: 'string', default: '2' }, rounds: { type: 'string', default: '4' }, list: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const isWanted = ({ name }: { readonly name: string }): boolean => options.only === undefined || options.only.some((text) => name.includes(text));
const chosenKinds = [...allKinds, ...harmlessKinds].filter(isWanted);
const houses = healthyRounds(Number(options.rounds));
const chosenRounds = houses.rounds.filter(isWanted);

function tell({ name, wrong, answer, seconds }: ZooResult): void {
  say(`${wrong.length > 0 ? 'WRONG ' : 'ok    '} ${seconds.toFixed(1).padStart(5)} s  ${name}  ${answer}`);
  for (const each of wrong) say(`         ${each}`);
}

async function runKinds(signal: AbortSignal): Promise<readonly ZooResult[]> {
  if (chosenKinds.length === 0) return [];
  const ground = await openGround();
  try {
    const results = await inLanes(chosenKinds, { lanes: Number(options.lanes), signal, run: (animal) => runAnimal(ground, animal), tell });
    const left = await ground.service.leftovers();
    if (left.length === 0) return results;
    return [...results, { name: 'leftovers', wrong: left, answer: '', seconds: 0, compared: sumOf([]) }];
  } finally {
    await ground.stop();
  }
}

function summary(results: readonly ZooResult[]): number {
  const isHealthy = ({ name }: ZooResult): boolean => name.startsWith('healthy/');
  const [healthy, broken] = [results.filter(isHealthy), results.filter((result) => !isHealthy(result))];
  const wrongOf = (among: readonly ZooResult[]): readonly ZooResult[] => among.filter(({ wrong }) => wrong.length > 0);
  const notRun = [...chosenKinds, ...chosenRounds].filter(({ name }) => !results.some((result) => result.name === name)).map(({ name }) => name);
  const { databases, tables, keyspaces, keys } = sumOf(healthy.map(({ compared }) => compared));
  for (const [title, names] of [['wrong', wrongOf(results).map(({ name }) => name)], ['not run', notRun]] as const) if (names.length > 0) say(`\n${title}:\n${names.map((name) => `  ${name}`).join('\n')}`);
  say(`\n${broken.length} kinds of broken backup and environment, ${wrongOf(broken).length} answered otherwise than they have to be`);
  say(`${databases + keyspaces} healthy comparisons (${databases} databases of PostgreSQL with ${tables} tables, ${keyspaces} of Redis with ${keys} keys) in ${healthy.length} drills, ${wrongOf(healthy).length} drills with a false alarm`);
  return results.length > 0 && wrongOf(results).length + notRun.length === 0 ? 0 : 1;
}

/** Once for all workers: each would take a second and a half of a core for it. */
async function bundleWorkflows(directory: string): Promise<void> {
  const { workflowBundle } = await workflowSource();
  if (workflowBundle === undefined || !('code' in workflowBundle)) throw new Error('the workflows were not bundled from their sources');
  process.env['HOLDFAST_TEST_WORKFLOW_BUNDLE'] = join(directory, 'workflow-bundle.js');
  writeFileSync(join(directory, 'workflow-bundle.js'), workflowBundle.code);
}

if (options.help) {
  say(readFileSync(import.meta.filename, 'utf8').split('*/')[0]?.replaceAll(/^\/?\*+ ?|^ \* ?/gm, '').trim() ?? '');
  process.exit(0);
}
if (options.list) {
  for (const { name } of [...chosenKinds, ...chosenRounds]) say(name);
  process.exit(0);
}
const signal = abortOnSignals();
const directory = mkdtempSync(join(tmpdir(), 'holdfast-zoo-run-'));
const environment = await openEnvironment();
let exitCode = 1;
try {
  await ensureImages({ dockerHost: dockerHost() }, testImages);
  await bundleWorkflows(directory);
  const kinds = await runKinds(signal);
  const healthy = await inLanes(chosenRounds, { lanes: Number(options.lanes), signal, run: (round) => round.run(), tell });
  await houses.stop();
  exitCode = summary([...kinds, ...healthy]);
} finally {
  await environment.stop();
  rmSync(directory, { recursive: true, force: true });
}
process.exit(exitCode);
