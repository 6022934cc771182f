/** `query`: SQL in what a restore to a moment has recovered, asked of its container itself: rows never pass through Temporal. */
import { findRun } from '../client/list-runs.ts';
import { shownRunId } from '../client/run-ids.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import { composeEngines, composeRuntime } from '../worker/dependencies.ts';
import { createRunDirectory } from '../worker/run-directory.ts';
import { chosenService, type CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { readingContext } from './reading-context.ts';
import { openSession } from './temporal-session.ts';

export async function query(context: CommandContext, text: string, sql: string, database: string | undefined): Promise<ExitCode> {
  const { output } = context;
  const session = await openSession(context);
  try {
    const run = await findRun(session.client, session.taskQueue, text);
    const service = chosenService(await context.config(), run.service ?? context.options.service);
    const component = service.components.find(({ engine }) => engine === 'postgres');
    const moments = composeEngines().postgres.moments;
    if (component === undefined || moments === null) throw new HoldfastFailure('InvalidInput', { operation: 'look at what was recovered', object: service.name, cause: 'the service has no store that keeps a log', hint: 'Only a restore to a moment can be looked into.' });
    const { namespaceId } = await createRunDirectory(session.client);
    const ctx = { ...readingContext(service.name, composeRuntime(context.environment), context, AbortSignal.timeout(context.timing.longActivityMs)), owner: { namespaceId, workflowId: run.workflowId, runId: run.runId } };
    const answer = await moments.query(ctx, component, { sql, database: database ?? null, csv: context.options.json === true });
    for (const line of answer.trimEnd().split('\n')) output.result(line);
    output.object({ run: { id: shownRunId(run.workflowId), workflowId: run.workflowId }, csv: answer, exitCode: exitCodes.done });
    return exitCodes.done;
  } finally {
    await session.close();
  }
}
