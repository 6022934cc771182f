/** `clone list`: the copies on this machine's Docker engine, from their labels alone. Changes nothing and needs nothing running but that. */
import { findCopies, isUnfinished, type ServiceCopy } from '../containers/copies.ts';
import { labelNames } from '../containers/labels.ts';
import { composeRuntime } from '../worker/dependencies.ts';
import { chosenService, type CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { copyTable, type ListedCopy } from './rendering/copy-text.ts';

/** The copies of these services, from the labels of the engine that this machine reaches. @throws DockerUnreachable */
export async function listCopies(context: CommandContext, services: readonly { readonly name: string }[]): Promise<readonly ListedCopy[]> {
  const runtime = composeRuntime(context.environment);
  const copies: ListedCopy[] = [];
  for (const { name } of services) copies.push(...(await findCopies(runtime, { service: name })).map(listed));
  return copies;
}

export async function cloneList(context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  const config = await context.config();
  const services = context.options.service === undefined ? config.services : [chosenService(config, context.options.service)];
  const copies = await listCopies(context, services);
  output.object({ copies, exitCode: exitCodes.done });
  if (copies.length === 0) {
    output.result('There is no copy on this Docker engine. Make one: holdfast restore --to POINT --into NAME');
    return exitCodes.done;
  }
  for (const line of copyTable(copies, context.clock().timeZone)) output.result(line);
  output.result('');
  output.result('  Remove one: holdfast clone remove NAME.');
  return exitCodes.done;
}

function listed(found: ServiceCopy): ListedCopy {
  const { service, copy: name, point, containers, volumes } = found;
  return {
    service, name, point, volumes, finished: !isUnfinished(found), madeAt: containers.map(({ createdAt }) => createdAt).sort()[0] ?? null,
    servers: containers.map(({ name: container, labels, state, addresses }) => ({ component: labels[labelNames.component] ?? '', container, state, address: Object.values(addresses).flat()[0] ?? null })),
  };
}
