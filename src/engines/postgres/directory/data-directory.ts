/** Where a container's server keeps its data, told by the container alone. Pure. */
import type { ContainerFacts } from '../../../containers/container-runtime.ts';

/** From the command (`-D`, `-c data_directory=`), else PGDATA. */
export function dataDirectoryIn({ command, placeVariables }: Pick<ContainerFacts, 'command' | 'placeVariables'>): string | null {
  const told = /(?:^|\0)(?:-D\0?|--pgdata[=\0]|-c\0?data_directory=|--data[-_]directory=)([^\0]+)/.exec(command.join('\0'))?.[1];
  const directory = told ?? placeVariables['PGDATA'];
  return directory === undefined || !directory.startsWith('/') ? null : directory.replace(/\/+$/, '');
}
