/** A short container that may change what lies on the volume with the spool: to put the script there, and to take it away. */
import { randomBytes } from 'node:crypto';
import type { ContainerRuntime } from '../../../../containers/container-runtime.ts';
import { imageVolumeMounts } from '../../../../containers/scratch-server.ts';
import type { HoldfastFailure } from '../../../../domain/failures.ts';
import { commandFailed } from '../reading-container.ts';
import type { Named } from '../receiver.ts';
import type { ArchivePlace } from './archive-place.ts';

export interface OnArchive {
  readonly runtime: ContainerRuntime;
  readonly signal: AbortSignal;
  readonly named: Named;
  readonly imageId: string;
  readonly place: ArchivePlace;
  readonly script: string;
  readonly args: readonly string[];
  readonly stdin: string;
}

const memoryBytes = 128 * 1024 ** 2;
const pidsLimit = 32;

/** Root there may make files the server's user's, and reach them; nothing more, and no network. @throws HelperFailed with its last words */
export async function runOnArchive({ runtime, signal, named, imageId, place, script, args, stdin }: OnArchive): Promise<void> {
  signal.throwIfAborted();
  const mounts = [place.mount];
  const covered = (await imageVolumeMounts(runtime, imageId, mounts)).map(({ target }) => ({ type: 'tmpfs', source: '', target }) as const);
  const { id } = await runtime.create({
    name: `${named.name}-${randomBytes(4).toString('hex')}`, labels: named.labels, imageId, network: 'none', entrypoint: ['/bin/sh'], command: ['-c', script, 'holdfast-archive', ...args], openStdin: true,
    user: '0:0', workingDirectory: '/', mounts: [...mounts, ...covered], init: true, memoryBytes, pidsLimit, readOnlyRoot: true, capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'], logDriver: 'json-file',
  });
  let failure: HoldfastFailure | null;
  try {
    await runtime.start(id, stdin);
    const { exitCode } = await runtime.wait(id, signal);
    failure = exitCode === 0 ? null : commandFailed(id, 'sh', await runtime.logs(id, 4096));
  } finally {
    await runtime.remove(id).catch(() => undefined);
  }
  if (failure !== null) throw failure;
}
