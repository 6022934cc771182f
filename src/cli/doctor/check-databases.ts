/** Are the containers there, do they run what they are configured for, do the passwords fit, and what would stand in the way? */
import type { Config } from '../../config/config.ts';
import type { ContainerRuntime } from '../../containers/container-runtime.ts';
import type { Component, ServiceDefinition } from '../../domain/service.ts';
import { engineTitle, sizeText } from '../../domain/wording.ts';
import { composeEngines } from '../../worker/dependencies.ts';
import type { CommandContext } from '../command-context.ts';
import { readingContext } from '../reading-context.ts';
import { checkIncremental } from './check-incremental.ts';
import { checkLogSettings } from './check-log-settings.ts';
import { check, fail, ok, warn, type Finding } from './finding.ts';

/** A clock further off than this makes ages and recovery points wrong. */
const clockLimitSeconds = 2;

export async function checkDatabases(config: Config, runtime: ContainerRuntime, context: CommandContext): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const service of config.services) {
    for (const component of service.components) findings.push(...await checkComponent(service, component, runtime, context));
    for (const container of service.application?.containers ?? []) {
      findings.push(...await check(`${service.name}, application`, async () => {
        const facts = await runtime.inspect(container);
        return facts.state === 'running' ? ok(`${service.name}, application`, container) : warn(`${service.name}, application`, `${container} is ${facts.state}`, `docker start ${container}`);
      }));
    }
    if (service.health !== null) findings.push(...await check(`${service.name}, health`, () => checkHealth(service, context)));
  }
  return findings;
}

async function checkComponent(service: ServiceDefinition, component: Component, runtime: ContainerRuntime, context: CommandContext): Promise<readonly Finding[]> {
  const what = `${service.name}, ${engineTitle(component.engine)}`;
  const backup = await check(what, async () => {
    const engine = composeEngines()[component.engine];
    const facts = await engine.inspect(readingContext(service.name, runtime, context), component, 'backup');
    const found = ok(what, `${component.container} runs ${facts.version}, ${sizeText(facts.dataSizeBytes)}${facts.freeBytes === null ? '' : `, ${sizeText(facts.freeBytes)} free beside it`}`);
    return [found, ...facts.warnings.map((warning) => warn(what, warning, 'Backups work; see docs/hazards.md.')), await checkClock(what, component, runtime, context)];
  });
  if (backup.some(({ verdict }) => verdict === 'FAIL')) return backup;
  const restore = await check(`${what}, restore`, async () => {
    await composeEngines()[component.engine].inspect(readingContext(service.name, runtime, context), component, 'restore');
    return [];
  });
  const log = await checkLogSettings(service, component, runtime, context);
  // A backup is possible, coming back in place would be refused: better known now than at three in the morning.
  return [...backup, ...restore.map((finding) => warn(finding.what, `a restore would be refused: ${finding.found}`, finding.next ?? '')), ...log, ...await checkIncremental(service, component, runtime, context)];
}

async function checkClock(what: string, component: Component, runtime: ContainerRuntime, context: CommandContext): Promise<Finding> {
  const { exitCode, stdout } = await runtime.exec(component.container, { argv: ['date', '+%s'], timeoutMs: context.timing.execMs });
  const apartSeconds = Math.abs(Number(stdout.trim()) - Date.now() / 1000);
  if (exitCode !== 0 || Number.isNaN(apartSeconds)) return warn(`${what}, clock`, 'the container has no date command', 'Compare the clocks of both machines by hand.');
  return apartSeconds <= clockLimitSeconds ? ok(`${what}, clock`, 'the same as here') : fail(`${what}, clock`, `${Math.round(apartSeconds)} s apart from this machine`, 'Set both clocks by NTP.');
}

async function checkHealth(service: ServiceDefinition, context: CommandContext): Promise<Finding> {
  const url = service.health?.url ?? '';
  const what = `${service.name}, health`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(context.timing.healthRequestMs), redirect: 'manual' }).catch((error: unknown) => error);
  if (answer instanceof Response && answer.ok) return ok(what, `${url} answers ${answer.status}`);
  return warn(what, `${url} ${answer instanceof Response ? `answers ${answer.status}` : 'does not answer'}`, 'After a restore this is asked; check the address and the application.');
}
