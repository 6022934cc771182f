/** `npm run demo`: sets the stage, plays, reports, and takes everything away again, whatever happened in between. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { keepEngineFor } from '../engine.ts';
import { unlessAborted } from '../signals.ts';
import type { DemoEnvironment } from './demo-environment.ts';
import { play } from './play.ts';
import { removeDemo, removeEndedDemos } from './remove-demo.ts';
import { printKept, printReport } from './report.ts';
import { beginRecord, setStage, type Stage } from './stage.ts';

/** @throws what went wrong, or the signal's reason; by then everything is removed, unless `--keep` keeps it */
export async function runDemo(environment: DemoEnvironment): Promise<void> {
  const { signal, choices } = environment;
  await unlessAborted(signal, removeEndedDemos());
  const began = performance.now();
  const record = beginRecord(environment.dockerHost);
  let stage: Stage | undefined;
  try {
    stage = await setStage(environment, record);
    const played = await unlessAborted(signal, play(stage));
    const ending = choices.keep ? 'kept' : stage.interactive ? 'atEnter' : 'now';
    printReport(stage, played, performance.now() - began, ending);
    if (ending === 'atEnter') await untilEnter(signal);
  } finally {
    await stage?.client.connection.close();
    if (stage !== undefined && choices.keep && !signal.aborted) keep(environment, stage, record);
    else await removeOrSay(record);
  }
}

function keep({ privateEngine }: DemoEnvironment, stage: Stage, record: ReturnType<typeof beginRecord>): void {
  const file = join(stage.directory, 'demo.env');
  const names = ['DOCKER_HOST', 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'HOLDFAST_CONFIG', 'HOLDFAST_STATE_DIR'];
  writeFileSync(file, names.map((name) => `${name}='${stage.environment[name] ?? ''}'\n`).join(''));
  record.note({ kept: true });
  if (privateEngine) keepEngineFor(record.current.prefix);
  printKept(stage, file);
}

/** A failure to clean up must not hide why the demo failed. */
async function removeOrSay(record: ReturnType<typeof beginRecord>): Promise<void> {
  try {
    await removeDemo(record.current);
  } catch (error) {
    process.stderr.write(`not everything of ${record.current.prefix} could be removed: ${(error as Error).message}\n  next step: npm run demo -- --clean\n`);
    process.exitCode = 1;
  }
}

async function untilEnter(signal: AbortSignal): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    // Ctrl-C and the end of input close it: an end as well.
    const answered = new Promise<void>((resolve) => {
      terminal.once('close', resolve);
      terminal.question('\n   Look around as long as you like. Enter ends the demo and removes what it made. ', () => resolve());
    });
    await unlessAborted(signal, answered);
  } finally {
    terminal.close();
  }
}
