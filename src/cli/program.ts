/** The command line: every verb, and the options that all of them have. */
import { Command } from 'commander';
import { holdfastVersion } from '../worker/version.ts';
import { backupCommand } from './verbs/backups/backup.ts';
import { drillCommand } from './verbs/backups/drill.ts';
import { exportCommand } from './verbs/backups/export.ts';
import { holdCommand, unholdCommand } from './verbs/backups/hold.ts';
import { importCommand } from './verbs/backups/import.ts';
import { listCommand } from './verbs/backups/list.ts';
import { deleteCommand, pruneCommand, undeleteCommand } from './verbs/backups/prune.ts';
import { proveCommand, verifyCommand } from './verbs/backups/prove.ts';
import { showCommand } from './verbs/backups/show.ts';
import { reportCommand } from './verbs/reports/report.ts';
import { approveCommand } from './verbs/restoring/approve.ts';
import { cloneCommand } from './verbs/restoring/clone.ts';
import { findCommand } from './verbs/restoring/find.ts';
import { moveCommand } from './verbs/restoring/move.ts';
import { queryCommand } from './verbs/restoring/query.ts';
import { rejectCommand } from './verbs/restoring/reject.ts';
import { restoreCommand } from './verbs/restoring/restore.ts';
import { acceptCommand, undoCommand } from './verbs/restoring/undo.ts';
import { cancelCommand } from './verbs/runs/cancel.ts';
import { statusCommand } from './verbs/runs/status.ts';
import { watchCommand } from './verbs/runs/watch.ts';
import { markCommand } from './verbs/wal/mark.ts';
import { walCommand } from './verbs/wal/wal.ts';
import { configCommand } from './verbs/set-up/config.ts';
import { doctorCommand } from './verbs/set-up/doctor.ts';
import { initCommand } from './verbs/set-up/init.ts';
import { scheduleCommand } from './verbs/set-up/schedule.ts';
import { setupCommand } from './verbs/set-up/setup.ts';
import { upCommand } from './verbs/set-up/up.ts';
import { workerCommand } from './verbs/set-up/worker.ts';

const groups: readonly (readonly [title: string, commands: () => readonly Command[]])[] = [
  ['Set up:', () => [initCommand(), doctorCommand(), configCommand(), upCommand(), workerCommand(), setupCommand(), scheduleCommand()]],
  ['Back up:', () => [backupCommand(), listCommand(), showCommand(), verifyCommand(), proveCommand(), drillCommand(), holdCommand(), unholdCommand(), pruneCommand(), deleteCommand(), undeleteCommand(), importCommand(), exportCommand(), walCommand(), markCommand(), reportCommand()]],
  ['Come back:', () => [restoreCommand(), findCommand(), moveCommand(), queryCommand(), cloneCommand(), undoCommand(), acceptCommand(), approveCommand(), rejectCommand()]],
  ['Runs:', () => [statusCommand(), watchCommand(), cancelCommand()]],
];

const exitCodeHelp = `
Exit codes: 0 done, 1 failed, 2 usage, 3 refused and nothing changed, 4 could not verify, 5 waiting for approval, 6 busy,
7 Temporal or a worker does not answer, 130 interrupted (a run goes on), 141 the output was closed.
Without a configured Temporal (TEMPORAL_ADDRESS, temporal.toml) Holdfast brings its own, which stops when no run is open.`;

export function createProgram(): Command {
  const program = new Command('holdfast')
    .description('Backups of PostgreSQL and Redis in Docker that are restored, compared and proven; and the way back, step by step.')
    .version(holdfastVersion, '-V, --version')
    .option('-s, --service <name>', 'the service that is meant (the only one by default)')
    .option('--config <path>', 'the configuration file (default: holdfast.yaml here or above)')
    .option('--json', 'one JSON object on standard output; progress goes to standard error')
    .option('--quiet', 'no progress, only what was asked for')
    .option('--local', 'use the Temporal of this machine, also where another one is configured')
    .helpCommand('help [command]', 'what a command does and takes')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(holdfast --help lists the commands)')
    .addHelpText('after', exitCodeHelp)
    .exitOverride();
  for (const [title, commands] of groups) {
    program.commandsGroup(title);
    for (const command of commands()) program.addCommand(inherit(command, program, `holdfast ${command.name()}`));
  }
  return program;
}

/** The program's settings for a command and those below it, but each points at its own help after an error. */
function inherit(command: Command, from: Command, path: string): Command {
  command.copyInheritedSettings(from).helpCommand(false).showHelpAfterError(`(${path} --help shows what it takes)`);
  for (const below of command.commands) inherit(below, command, `${path} ${below.name()}`);
  return command;
}
