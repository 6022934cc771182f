/** `doctor`: configuration, Docker, databases, repositories, secrets, Temporal. Each line says what to do next. */
import type { Config } from '../../config/config.ts';
import { composeRuntime } from '../../worker/dependencies.ts';
import type { CommandContext } from '../command-context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { checkCompose } from './check-compose.ts';
import { checkDatabases } from './check-databases.ts';
import { checkRepositories } from './check-repositories.ts';
import { checkTemporal } from './check-temporal.ts';
import { check, findingLines, ok, warn, type Finding } from './finding.ts';

export async function doctor(context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  const findings: Finding[] = [];
  const add = (more: readonly Finding[]): void => {
    findings.push(...more);
    for (const line of more.flatMap(findingLines)) output.result(line);
  };
  const config = await context.config();
  add([configFinding(config)]);
  const runtime = composeRuntime(context.environment);
  const engine = await check('Docker engine', async () => {
    const { version } = await runtime.ping();
    return ok('Docker engine', version);
  });
  add(engine);
  if (engine.every(({ verdict }) => verdict === 'ok')) add(await checkDatabases(config, runtime, context));
  add(await checkCompose(config));
  add(await checkRepositories(config));
  add(await checkTemporal(config, context));
  const failed = findings.filter(({ verdict }) => verdict === 'FAIL').length;
  output.object({ findings, exitCode: failed === 0 ? exitCodes.done : exitCodes.failed });
  output.result(failed === 0 ? 'Ready.' : `${failed} of ${findings.length} checks failed.`);
  return failed === 0 ? exitCodes.done : exitCodes.failed;
}

function configFinding(config: Config): Finding {
  const services = config.services.map(({ name }) => name).join(', ');
  return config.path === null ? warn('configuration', `from the environment: ${services}`, 'Write a file to keep it: holdfast init') : ok('configuration', `${config.path}: ${services}`);
}
