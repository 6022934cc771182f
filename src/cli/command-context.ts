/** What every command has: its options, its words, the configuration, and who is asking. */
import { hostname, userInfo } from 'node:os';
import type { Config } from '../config/config.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import type { ServiceDefinition } from '../domain/service.ts';
import { productionTiming, testTiming, type Timing } from '../domain/timing.ts';
import { createOutput, type Output } from './output.ts';
import { systemTimeZone } from './rendering/local-time.ts';
import type { PlanClock } from './rendering/plan-text.ts';

export interface GlobalOptions {
  readonly service?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** Use the embedded server of this machine though another one is configured. */
  readonly local?: boolean;
}

export interface CommandContext {
  readonly options: GlobalOptions;
  readonly output: Output;
  readonly environment: NodeJS.ProcessEnv;
  readonly currentDirectory: string;
  readonly timing: Timing;
  /** `mia@laptop`: who asks and who approves, unless `--by` says otherwise. */
  readonly me: string;
  /** Read once; its notices are shown once. @throws InvalidConfiguration */
  config(): Promise<Config>;
  clock(): PlanClock;
}

export function createContext(options: GlobalOptions): CommandContext {
  const environment = { ...process.env };
  const currentDirectory = process.cwd();
  const output = createOutput(options, process);
  let config: Promise<Config> | undefined;
  const load = async (): Promise<Config> => {
    const { loadConfig } = await import('../config/load-config.ts');
    const loaded = await loadConfig({ path: options.config, environment, currentDirectory });
    if (options.quiet !== true) for (const notice of loaded.notices) output.notice(notice);
    return loaded;
  };
  return {
    options, output, environment, currentDirectory,
    timing: environment['HOLDFAST_TIMING'] === 'test' ? testTiming : productionTiming,
    me: `${userName(environment)}@${hostname()}`,
    config: () => (config ??= load()),
    clock: () => ({ timeZone: systemTimeZone(), now: new Date().toISOString() }),
  };
}

/** A user id without a name (in a container) is a name too. */
function userName(environment: NodeJS.ProcessEnv): string {
  try {
    return environment['SUDO_USER'] || userInfo().username;
  } catch {
    return environment['USER'] || `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

/** The service that is meant: the one that `-s` names, or the only one. @throws UnknownService, InvalidInput */
export function chosenService(config: Config, name: string | undefined): ServiceDefinition {
  const known = config.services.map((service) => service.name);
  if (name === undefined && config.services.length === 1) return config.services[0] as ServiceDefinition;
  const fail = (type: 'UnknownService' | 'InvalidInput', object: string, cause: string): HoldfastFailure =>
    new HoldfastFailure(type, { operation: 'find the service', object, cause, hint: `Say which one: -s ${known[0] ?? 'NAME'}.` });
  if (name === undefined) throw fail('InvalidInput', 'service', `there are several: ${known.join(', ')}`);
  const found = config.services.find((service) => service.name === name);
  if (found === undefined) throw fail('UnknownService', name, `configured are ${known.join(', ')}`);
  return found;
}

export const theService = async (context: CommandContext): Promise<ServiceDefinition> => chosenService(await context.config(), context.options.service);
