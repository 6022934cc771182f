/** Where a container's server keeps its data, told by the container alone. Pure. */
import type { ContainerFacts, MountFacts } from '../../../containers/container-runtime.ts';

/** From the command (`-D`, `-c data_directory=`), else PGDATA. */
export function dataDirectoryIn({ command, placeVariables }: Pick<ContainerFacts, 'command' | 'placeVariables'>): string | null {
  const told = /(?:^|\0)(?:-D\0?|--pgdata[=\0]|-c\0?data_directory=|--data[-_]directory=)([^\0]+)/.exec(command.join('\0'))?.[1];
  const directory = told ?? placeVariables['PGDATA'];
  return directory === undefined || !directory.startsWith('/') ? null : directory.replace(/\/+$/, '');
}

/** The longest mount that holds it (databases.md D19). */
export function mountHolding({ mounts }: Pick<ContainerFacts, 'mounts'>, directory: string): MountFacts | undefined {
  return mounts.filter(({ destination }) => directory === destination || directory.startsWith(`${destination.replace(/\/$/, '')}/`)).toSorted((a, b) => b.destination.length - a.destination.length)[0];
}
