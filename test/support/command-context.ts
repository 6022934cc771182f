/** A command in this process, instead of one of its own each time: its configuration, repositories and state are real files in a directory, and what it prints is kept. */
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { CommandContext, GlobalOptions } from '../../src/cli/command-context.ts';
import { createOutput } from '../../src/cli/output.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { testTiming } from '../../src/domain/timing.ts';

export interface CommandHere {
  readonly context: CommandContext;
  /** Everything that was printed on standard output. */
  printed(): string;
}

/** Of `holdfast.yaml` and `state` in the directory, with the built-in Temporal. */
export function commandIn(directory: string, options: GlobalOptions = {}): CommandHere {
  let text = '';
  const kept = new Writable({ write: (chunk: Buffer, _encoding, done) => {
    text += chunk.toString();
    done();
  } }) as unknown as NodeJS.WriteStream;
  const given = { local: true, ...options };
  const environment = { HOLDFAST_STATE_DIR: join(directory, 'state'), HOLDFAST_TIMING: 'test', HOME: directory };
  return {
    context: {
      options: given, output: createOutput(given, { stdin: {}, stdout: kept, stderr: new Writable({ write: (_chunk, _encoding, done) => done() }) as unknown as NodeJS.WriteStream }), environment, currentDirectory: directory, timing: testTiming, me: 'mia@laptop',
      config: () => loadConfig({ path: undefined, environment, currentDirectory: directory }),
      clock: () => ({ timeZone: 'Europe/Berlin', now: new Date().toISOString() }),
    },
    printed: () => text,
  };
}
