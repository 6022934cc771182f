/** The last step: the disaster rehearsed, with the shop's own tests, and a report that can be handed on. */
import { existsSync } from 'node:fs';
import { resultOf } from '../../src/client/follow-run.ts';
import type { RunDrillResult } from '../../src/workflows/run-drill/messages.ts';
import { holdfastOrFail } from './command-line.ts';
import { say, title } from './narration.ts';
import type { Stage } from './stage.ts';
import { newestResult } from './watch-run.ts';

export interface Drilled {
  readonly result: RunDrillResult;
  /** The path of its report as one page. */
  readonly page: string;
}

/**
 * A backup of now, so that the drill measures what would be lost now.
 * @param newBase the base backup that the restore began behind itself, which holds the service until it has ended
 * @throws Error where the drill is not proven, keeps an objective not, or leaves no page; the signal's reason
 */
export async function drill({ client, environment, signal }: Stage, newBase: string | null): Promise<Drilled> {
  title('7. A drill', 'the newest backup, brought back where nothing leads out of, asked by the shop\'s own tests, and taken away again');
  if (newBase !== null) await resultOf(client, newBase);
  await holdfastOrFail(['backup', '--no-prove'], environment, signal);
  await holdfastOrFail(['drill', 'restore', '--reason', 'demo'], environment, signal);
  const result = await newestResult<RunDrillResult>(client, 'runDrill');
  if (!existsSync(result.report)) throw new Error(`the drill's report is not at ${result.report}`);
  say(`To be handed on, printed, read on a phone: ${result.report}`);
  return { result, page: result.report };
}
