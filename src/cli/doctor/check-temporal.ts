/** Is there a Temporal, does it know our search attributes, and does a worker listen? */
import type { Config } from '../../config/config.ts';
import { connectClient, isTemporalConfigured } from '../../client/temporal-connection.ts';
import { pollersOf } from '../../client/task-queue-pollers.ts';
import { polledQueues } from '../../domain/task-queues.ts';
import { findLocalTemporal } from '../../worker/local/local-supervisor.ts';
import { localPaths } from '../../worker/local/state-directory.ts';
import { presentTemporalProgram } from '../../worker/local/temporal-program.ts';
import { searchAttributesRegistered } from '../../worker/run-directory.ts';
import type { CommandContext } from '../command-context.ts';
import { check, fail, ok, warn, type Finding } from './finding.ts';

export const checkTemporal = (config: Config, context: CommandContext): Promise<readonly Finding[]> =>
  check('Temporal', () => (context.options.local !== true && isTemporalConfigured() ? checkConfigured(config) : checkLocal(context)));

async function checkConfigured(config: Config): Promise<readonly Finding[]> {
  const client = await connectClient();
  try {
    const findings: Finding[] = [ok('Temporal', `answers, namespace ${client.options.namespace}`)];
    findings.push(await searchAttributesRegistered(client) ? ok('search attributes', 'registered') : warn('search attributes', 'not registered: runs work, but cannot be searched for', 'holdfast setup'));
    for (const [queue, type] of polledQueues(config.host, config.queuePrefix)) {
      const pollers = await pollersOf(client, queue, type);
      findings.push(pollers.length > 0 ? ok(`worker on ${queue}`, pollers.join(', ')) : fail(`worker on ${queue}`, 'nobody polls this task queue', 'Start one beside the Docker engine: holdfast worker'));
    }
    return findings;
  } finally {
    await client.connection.close();
  }
}

async function checkLocal(context: CommandContext): Promise<Finding> {
  const { server } = await findLocalTemporal(context.environment);
  if (server !== null) return ok('Temporal', `the embedded server runs at ${server.address}, ${server.uiAddress}`);
  const program = await presentTemporalProgram(context.environment, localPaths(context.environment));
  if (program !== null) return ok('Temporal', `none is configured; the embedded one starts when it is needed (${program})`);
  return warn('Temporal', 'none is configured, and there is no temporal program: the first command will try to download it', 'Install the Temporal CLI (https://docs.temporal.io/cli), set TEMPORAL_CLI to it, or name a server in TEMPORAL_ADDRESS.');
}
