/**
 * What a run would wait and try again for, asked at once where this very machine is the one that has to answer: with the embedded Temporal
 * its worker runs here. What a worker elsewhere reaches is for that worker to say.
 */
import { access, constants } from 'node:fs/promises';
import { isTemporalConfigured } from '../client/temporal-connection.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import { composeRuntime } from '../worker/dependencies.ts';
import { chosenService, type CommandContext } from './command-context.ts';
import { repositoriesOf } from './list-backups.ts';

/**
 * @param only the repository that the run works with alone: what has become of the others is nothing to it
 * @throws RepositoryUnreachable, DockerUnreachable: with the next step, before anything is started
 */
export async function checkThisMachine(context: CommandContext, serviceName: string, only?: string): Promise<void> {
  if (context.options.local !== true && isTemporalConfigured()) return;
  const service = chosenService(await context.config(), serviceName);
  for (const repository of (await repositoriesOf(context, service)).filter(({ name }) => only === undefined || name === only)) {
    await repository.listBackups(service.name);
    await requireWritable(repository.storage.location);
  }
  await composeRuntime(context.environment).ping();
}

async function requireWritable(path: string): Promise<void> {
  if (await access(path, constants.W_OK | constants.X_OK).then(() => true, () => false)) return;
  throw new HoldfastFailure('RepositoryUnreachable', { operation: 'open the repository', object: path, cause: 'this user cannot write to it', hint: `Give this user the right to, for example: sudo install -d -o "$USER" ${JSON.stringify(path)}` });
}
