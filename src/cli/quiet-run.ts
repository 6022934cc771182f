/** A run whose result is what its command goes on with, and not what a person waits for: followed without a word. */
import { followRun } from '../client/follow-run.ts';
import type { Runbooks, Verb } from '../client/runbooks.ts';
import { startRun } from '../client/start-run.ts';
import type { CommandContext } from './command-context.ts';
import type { TemporalSession } from './temporal-session.ts';

/** @throws the failure that the run ended with, TemporalUnreachable */
export async function quietRun<V extends Verb>(context: CommandContext, session: TemporalSession, verb: V, input: Runbooks[V]['input']): Promise<Runbooks[V]['result']> {
  const { workflowId } = await startRun(session.client, session.taskQueue, verb, input);
  const followed = await followRun<Runbooks[V]['result']>(session.client, workflowId, { timing: context.timing, onAbsence: session.onAbsence, onView: () => 'stay' });
  if (!followed.ended) throw new Error('nobody leaves this run');
  return followed.result;
}
