/** Programs of somebody else's in a drill: the ways to its servers that they are given, their start, and their last words. */
import type { ScratchResource } from '../../containers/scratch.ts';
import { guestEnd } from '../../domain/drill/guest-end.ts';
import { keptOutput } from '../../domain/drill/kept-output.ts';
import { isFailure } from '../../domain/failures.ts';
import type { EngineContext } from '../../engines/engine-context.ts';
import { engineOf, serviceNamed } from '../activity-run.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { compositionOf } from './composition-of.ts';
import { drilledBackupOf, drilledComponent, drillPassword, runningServer, type DrillContext, type DrilledService } from './drill-context.ts';

export interface WaysIn {
  readonly environment: Readonly<Record<string, string>>;
  /** The values in it that are nobody's to see. */
  readonly secrets: readonly string[];
  /** Of one of the servers: it has what a helper needs. */
  readonly imageId: string;
}

export const guestPids = 1_024;
export const guestMemoryBytes = 512 * 1_024 ** 2;

/** Variables that lead to every server of the drill. Its password is the drill's own, unless a compose file says which one its services come in with. */
export async function waysIn(dependencies: ActivityDependencies, { context, run }: DrillContext, drilled: DrilledService): Promise<WaysIn> {
  const [environment, secrets]: [Record<string, string>, string[]] = [{}, []];
  const definition = serviceNamed(dependencies, drilled.backup.service);
  const composition = await compositionOf(dependencies, definition, { sha256: drilled.compose });
  let imageId = '';
  for (const { name } of definition.components) {
    const component = drilledComponent(dependencies, run, name);
    const server = await runningServer(context, component, await drilledBackupOf(dependencies, drilled, name));
    imageId = (await context.runtime.inspect(server.containerId)).imageId;
    const password = composition?.stores[name]?.password ?? drillPassword(server.containerId);
    secrets.push(password);
    Object.assign(environment, await engineOf(dependencies, component).drills.admit(context, component, server, password));
  }
  return { environment, secrets, imageId };
}

/** Null where it runs, or why it does not: the engine has one answer for all that it cannot start, and where it is well itself, it is the image or the command. */
export async function startGuest({ runtime }: EngineContext, { id }: Pick<ScratchResource, 'id'>): Promise<string | null> {
  try {
    await runtime.start(id);
    return null;
  } catch (error) {
    if (!isFailure(error) || (error.type !== 'DockerUnreachable' && error.type !== 'Internal' && error.type !== 'ContainerNotFound')) throw error;
    await runtime.ping();
    if (await runtime.find(id) === null) throw error;
    return `The engine could not start it: ${error.fields.cause.slice(0, 200)}`;
  }
}

export const memoryText = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MB`;

const lastWordsBytes = 4_096;

export interface LastWords {
  readonly running: boolean;
  readonly exitCode: number | null;
  readonly end: ReturnType<typeof guestEnd>;
  /** What it may have. */
  readonly memory: string;
  /** The last line that it wrote, to be put behind a sentence. */
  readonly words: string;
}

/** How it ended, and what it said last. */
export async function lastWords({ runtime }: EngineContext, id: string, secrets: readonly string[]): Promise<LastWords> {
  const { state, exitCode, oomKilled, memoryBytes } = await runtime.inspect(id);
  const running = state === 'running';
  const last = keptOutput(await runtime.logs(id, lastWordsBytes), secrets).trim().split('\n').at(-1)?.slice(0, 160) ?? '';
  return { running, exitCode, end: guestEnd({ exitCode: running ? null : exitCode, oomKilled }), memory: memoryText(memoryBytes), words: last === '' ? '' : `; its last words: ${last}` };
}
