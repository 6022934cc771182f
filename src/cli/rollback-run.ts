/** Which run `undo` and `accept` mean. Rollback copies outlive Temporal's memory of their runs: the repository knows them too. */
import { findRun } from '../client/list-runs.ts';
import { isNamed, parseRunReference } from '../client/run-ids.ts';
import { isFailure } from '../domain/failures.ts';
import type { ServiceDefinition } from '../domain/service.ts';
import type { CommandContext } from './command-context.ts';
import { repositoriesOf } from './list-backups.ts';
import type { TemporalSession } from './temporal-session.ts';

/** The run's workflow id, or "latest". @throws InvalidInput, UnknownRun */
export async function rollbackRun(context: CommandContext, session: TemporalSession, service: ServiceDefinition, text: string): Promise<string> {
  if (text === 'latest') return text;
  const reference = parseRunReference(text);
  for (const repository of await repositoriesOf(context, service)) {
    const named = (await repository.surveyRollbacks(service.name)).rollbacks.filter(({ record }) => isNamed(reference, record));
    const open = named.filter(({ state }) => state === 'opened');
    const [only] = open.length > 0 ? open : named;
    if (only !== undefined && (open.length === 1 || named.length === 1)) return only.record.workflowId;
  }
  try {
    return (await findRun(session.client, session.taskQueue, text)).workflowId;
  } catch (error) {
    // The run itself looks through the worker's repository, which may be another machine's.
    if (isFailure(error, 'UnknownRun') && reference.kind !== 'digits') return text;
    throw error;
  }
}
