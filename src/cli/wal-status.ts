/** `wal status`: how the logs stand that this machine's worker keeps, from what it last wrote down, and whether the repository has a base backup that they lead on from. Needs neither Temporal nor the databases. */
import { figuresAt } from '../domain/wal/log-status.ts';
import { alarmObjectives } from '../domain/wal/partial-interval.ts';
import { stateDirectory } from '../worker/local/state-directory.ts';
import { readAofStatus, readLogStatus } from '../worker/standing-file.ts';
import { standingOf } from '../worker/wal/standing-of.ts';
import { chosenService, type CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { aofLines, judgeAof } from './rendering/aof-text.ts';
import { judgeLog, logLines } from './rendering/log-text.ts';

export async function walStatus(context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  const config = await context.config();
  const chosen = context.options.service === undefined ? config.services : [chosenService(config, context.options.service)];
  const components = chosen.flatMap(({ name, components: all }) => all.filter((component) => component.engine === 'postgres' && component.wal !== undefined).map((component) => ({ service: name, component: component.name })));
  const files = chosen.flatMap(({ name, components: all }) => all.filter((component) => component.engine === 'redis' && component.aof !== undefined).map((component) => ({ service: name, component: component.name })));
  if (components.length + files.length === 0) {
    output.result('No log is kept. `wal: stream` (or `archive`) under a service\'s postgres in holdfast.yaml has the worker keep it.');
    output.object({ logs: [], exitCode: exitCodes.done });
    return exitCodes.done;
  }
  const logs = [];
  for (const { service, component } of components) {
    const status = figuresAt(await readLogStatus(stateDirectory(context.environment), service, component), Date.now());
    const standing = await standingOf(config, status);
    const judged = judgeLog(status, Date.now(), alarmObjectives(status, context.timing), standing);
    for (const line of logLines({ service, component, status, judged, standing }, context.clock())) output.result(line);
    logs.push({ service, component, ...judged, status, base: standing?.base?.backupId ?? null });
  }
  const aofs = [];
  for (const { service, component } of files) {
    const status = await readAofStatus(stateDirectory(context.environment), service, component);
    const judged = judgeAof(status, Date.now(), context.timing);
    for (const line of aofLines({ service, component, status, judged }, context.clock())) output.result(line);
    aofs.push({ service, component, ...judged, status });
  }
  const verdicts = [...logs, ...aofs].map(({ verdict }) => verdict);
  const exitCode = verdicts.includes('FAIL') ? exitCodes.failed : verdicts.includes('NOT KNOWN') ? exitCodes.couldNotVerify : exitCodes.done;
  output.object({ logs, ...(aofs.length === 0 ? {} : { aofs }), exitCode });
  return exitCode;
}
