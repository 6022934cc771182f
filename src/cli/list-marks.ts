/** `mark --list`: the moments that have a name, from the repository alone. */
import { isFailure } from '../domain/failures.ts';
import type { ServiceDefinition } from '../domain/service.ts';
import type { Repository } from '../repository/repository.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { repositoriesOf } from './list-backups.ts';
import { markTable, type ListedMark } from './rendering/mark-table.ts';

export async function listMarks(context: CommandContext, service: ServiceDefinition): Promise<ExitCode> {
  const { output } = context;
  const [repository] = await repositoriesOf(context, service);
  const marks = repository === undefined ? [] : await readMarks(repository, service.name);
  output.object({ service: service.name, marks: marks.map(({ name, mark, damage }) => ({ name, ...mark, damage })), exitCode: exitCodes.done });
  if (marks.length === 0) {
    output.result('There is no mark yet. Make one: holdfast mark NAME');
    return exitCodes.done;
  }
  for (const line of markTable(marks, context.clock().timeZone)) output.result(line);
  output.result('');
  output.result('  Come back to one: holdfast restore --before mark:NAME. Nothing changes until you say yes.');
  return exitCodes.done;
}

/** Newest first; those that cannot be read last. */
async function readMarks(repository: Repository, service: string): Promise<readonly ListedMark[]> {
  const marks: ListedMark[] = [];
  for (const name of await repository.listMarks(service)) {
    try {
      const mark = await repository.readMark(service, name);
      if (mark !== null) marks.push({ name, mark, damage: null });
    } catch (error) {
      if (!isFailure(error) || error.type === 'RepositoryUnreachable') throw error;
      marks.push({ name, mark: null, damage: error.fields.cause });
    }
  }
  return marks.sort((a, b) => ((a.mark?.at ?? '') < (b.mark?.at ?? '') ? 1 : -1));
}
