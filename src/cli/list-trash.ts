/** `list --trash`: what was removed and can be taken back. Changes nothing and needs nothing running. */
import { backupInstant } from '../domain/identifiers.ts';
import type { ServiceDefinition } from '../domain/service.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { repositoriesOf } from './list-backups.ts';
import { localTime } from './rendering/local-time.ts';
import { tableText } from './rendering/table.ts';

export async function listTrash(context: CommandContext, service: ServiceDefinition): Promise<ExitCode> {
  const { output } = context;
  const { timeZone } = context.clock();
  const found: { backupId: string; repository: string; removedAt: string; removedBy: string }[] = [];
  for (const repository of await repositoriesOf(context, service)) {
    for (const entry of await repository.trash.list(service.name)) {
      const read = await entry.read();
      // It went for good meanwhile.
      if (read !== null) found.push({ backupId: entry.backupId, repository: repository.name, removedAt: read.by.at, removedBy: read.by.run.workflowId });
    }
  }
  found.sort((a, b) => (a.backupId > b.backupId ? -1 : 1));
  output.object({ service: service.name, trash: found, exitCode: exitCodes.done });
  if (found.length === 0) {
    output.result('The trash is empty.');
    return exitCodes.done;
  }
  const rows = found.map(({ backupId, repository, removedAt, removedBy }) => [backupId, localTime(backupInstant(backupId), timeZone), localTime(removedAt, timeZone), removedBy, repository]);
  for (const line of tableText([['BACKUP', 'LOCAL TIME', 'REMOVED', 'BY', 'WHERE'], ...rows])) output.result(line);
  output.result('  Take one back: holdfast undelete BACKUP');
  return exitCodes.done;
}
