/** From valid settings to service definitions, with the checks that span several places of the file. */
import { dirname, resolve } from 'node:path';
import { checkPolicy } from '../domain/retention/policy.ts';
import type { ScheduleSettings } from '../domain/schedules/schedule-settings.ts';
import { scheduledRunbook, scheduledVerbs } from '../domain/schedules/scheduled-runbooks.ts';
import type { ApprovalPolicy, Component, ServiceDefinition } from '../domain/service.ts';
import type { Config, RepositoryLocation } from './config.ts';
import { invalidConfiguration, type ConfigProblem } from './config-problem.ts';
import type { ConfigFile, ServiceSettings } from './config-schema.ts';
import { parseDuration } from './duration.ts';
import type { Locate } from './parse-config.ts';
import { closestName } from './closest-name.ts';
import { answeredHealth, askedComponents, composedDrills, drillSettings, escrowedKeys, objectivesFrom, provePolicy, reportSettings } from './drill-settings.ts';
import { partialNotices, unfitPartials } from './partial-settings.ts';
import { plannedCopies } from './planned-keys.ts';

const milliseconds = (text: string): number => parseDuration(text) ?? 0;

/**
 * @param path the absolute path of the file: relative repositories and compose files are taken from its directory
 * @throws InvalidConfiguration for references that lead nowhere and stores that two services would fight over
 */
export function configFrom(settings: ConfigFile, path: string, locate: Locate): Config {
  const problems = [...emptySections(settings, locate), ...danglingRepositories(settings, locate), ...furtherRepositories(settings, locate), ...sharedStores(settings, locate), ...sharedPaths(settings, path, locate), ...unfitSchedules(settings, locate), ...unfitFailovers(settings, locate), ...askedComponents(settings, locate), ...answeredHealth(settings, locate), ...composedDrills(settings, locate), ...escrowedKeys(settings, locate), ...unfitPartials(settings, locate)];
  if (problems.length > 0) throw invalidConfiguration(path, problems);
  return {
    services: Object.entries(settings.services).map(([name, service]) => definitionOf(name, service, settings, path)),
    repositories: locations(settings, path),
    host: settings.host,
    queuePrefix: settings.queuePrefix,
    ...(settings.reports === undefined ? {} : { reports: reportSettings(settings.reports) }),
    path,
    notices: partialNotices(settings),
  };
}

function locations(settings: ConfigFile, path: string): readonly RepositoryLocation[] {
  return Object.entries(settings.repositories).map(([name, { url }]) => ({ name, path: resolve(dirname(path), url) }));
}

function definitionOf(name: string, service: ServiceSettings, settings: ConfigFile, path: string): ServiceDefinition {
  return {
    name,
    host: settings.host,
    version: service.version ?? null,
    components: componentsOf(service),
    application: service.app === undefined ? null : { containers: service.app.containers },
    health: service.health === undefined ? null : { url: service.health.url, withinMs: milliseconds(service.health.within) },
    repositories: service.repositories ?? Object.keys(settings.repositories),
    approval: approvalPolicy(settings.approval),
    ...provePolicy(settings.backup.prove),
    contentHashes: settings.backup.hashes,
    ...(settings.backup.canary ? { canary: true } : {}),
    skewLimitMs: milliseconds(settings.backup.skewLimit),
    ...(service.schedules === undefined ? {} : { schedules: scheduleSettings(service.schedules) }),
    ...(service.objectives === undefined ? {} : { objectives: objectivesFrom(service.objectives) }),
    ...(service.drill === undefined ? {} : { drill: drillSettings(service.drill, dirname(path)) }),
    ...(service.failover === undefined ? {} : { failover: service.failover }),
    ...(service.retention === undefined ? {} : { retention: checkPolicy(defined(service.retention)) }),
    ...retentionIn(service, settings),
  };
}

function retentionIn(service: ServiceSettings, { repositories }: ConfigFile): Pick<ServiceDefinition, 'retentionIn'> {
  const own = (service.repositories ?? Object.keys(repositories)).flatMap((name) => {
    const given = repositories[name]?.retention;
    return given === undefined ? [] : [[name, checkPolicy({ ...defined(service.retention ?? {}), ...defined(given) })] as const];
  });
  return own.length === 0 ? {} : { retentionIn: Object.fromEntries(own) };
}

const defined = (settings: object): Readonly<Record<string, unknown>> => Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));

function scheduleSettings({ timeZone, jitter, catchup, ...times }: NonNullable<ServiceSettings['schedules']>): ScheduleSettings {
  const given = defined(times) as ScheduleSettings['times'];
  return { times: given, timeZone, jitterMs: milliseconds(jitter), catchupMs: milliseconds(catchup) };
}

export function approvalPolicy(approval: ConfigFile['approval']): ApprovalPolicy {
  return { required: approval.required, fourEyes: approval.fourEyes, approvers: approval.approvers, expiresAfterMs: milliseconds(approval.expiresAfter) };
}

function componentsOf({ postgres, redis }: ServiceSettings): readonly Component[] {
  const components: Component[] = [];
  if (postgres !== undefined) {
    const { password, wal, walPartial, ...rest } = postgres;
    components.push({ engine: 'postgres', name: 'postgres', ...rest, ...(password === undefined ? {} : { password }), ...(wal === undefined ? {} : { wal }), ...(walPartial === undefined ? {} : { walPartialMs: milliseconds(walPartial) }) });
  }
  if (redis !== undefined) {
    const { user, password, container, aof } = redis;
    components.push({ engine: 'redis', name: 'redis', container, ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }), ...(aof === undefined ? {} : { aof }) });
  }
  return components;
}

function emptySections(settings: ConfigFile, locate: Locate): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const section of ['services', 'repositories'] as const) {
    if (Object.keys(settings[section]).length === 0) problems.push({ where: section, position: locate.value([section]), found: 'none', allowed: 'at least one is needed' });
  }
  for (const [name, service] of Object.entries(settings.services)) {
    if (componentsOf(service).length === 0) problems.push({ where: `services.${name}`, position: locate.key(['services', name]), found: 'neither postgres nor redis', allowed: 'a service has at least one of them' });
  }
  return problems;
}

function danglingRepositories(settings: ConfigFile, locate: Locate): ConfigProblem[] {
  const known = Object.keys(settings.repositories);
  return Object.entries(settings.services).flatMap(([name, service]) => (service.repositories ?? []).flatMap((repository, index, all) => {
    const path = ['services', name, 'repositories', index];
    const problem = (allowed: string): ConfigProblem => ({ where: path.join('.'), position: locate.value(path), found: JSON.stringify(repository), allowed });
    if (all.indexOf(repository) !== index) return [problem('a repository is named once')];
    if (known.includes(repository)) return [];
    const near = closestName(repository, known);
    return [problem(`no repository has that name${near === null ? '' : ` (did you mean ${near}?)`}; allowed are ${known.join(', ')}`)];
  }));
}

/** A runbook that would only ever fail is not started by itself. */
function unfitSchedules(settings: ConfigFile, locate: Locate): ConfigProblem[] {
  return Object.entries(settings.services).flatMap(([name, service]) => scheduledVerbs.flatMap((verb): ConfigProblem[] => {
    const setting = service.schedules?.[verb];
    const reason = setting === undefined || setting === 'off' ? null : scheduledRunbook(verb).unfit({ components: componentsOf(service), ...(service.failover === undefined ? {} : { failover: service.failover }) });
    if (reason === null) return [];
    const path = ['services', name, 'schedules', verb];
    return [{ where: path.join('.'), position: locate.value(path), found: JSON.stringify(setting), allowed: `${reason}; allowed is off` }];
  }));
}

/** On its own host, or out of nowhere, is no failover. */
function unfitFailovers(settings: ConfigFile, locate: Locate): ConfigProblem[] {
  const known = Object.keys(settings.repositories);
  return Object.entries(settings.services).flatMap(([name, { failover }]): ConfigProblem[] => {
    if (failover === undefined) return [];
    const problem = (key: 'host' | 'repository', allowed: string): ConfigProblem => ({ where: `services.${name}.failover.${key}`, position: locate.value(['services', name, 'failover', key]), found: JSON.stringify(failover[key]), allowed });
    return [
      ...known.includes(failover.repository) ? [] : [problem('repository', `no repository has that name; allowed are ${known.join(', ')}`)],
      ...failover.host === settings.host ? [problem('host', 'allowed is another host than this one, which is the service\'s own')] : [],
    ];
  });
}

/** Every step uses one repository: a second one would look like a copy that nobody makes. */
function furtherRepositories(settings: ConfigFile, locate: Locate): ConfigProblem[] {
  const known = Object.keys(settings.repositories);
  return Object.entries(settings.services).flatMap(([name, { repositories }]): ConfigProblem[] => {
    if ((repositories ?? known).length <= 1) return [];
    const path = ['services', name, 'repositories'];
    if (repositories === undefined) return [{ where: path.join('.'), position: locate.key(['services', name]), found: `nothing, with ${known.length} repositories to choose from`, allowed: `allowed is one of ${known.join(', ')} (${plannedCopies})` }];
    // A name that is unknown or stands there twice is said in its own words.
    if (new Set(repositories).size !== repositories.length || !repositories.every((each) => known.includes(each))) return [];
    return [{ where: `${path.join('.')}.1`, position: locate.value([...path, 1]), found: JSON.stringify(repositories[1]), allowed: plannedCopies }];
  });
}

/** Restoring one service must not replace the data of another: one Redis, or one database of a PostgreSQL, belongs to one service. */
function sharedStores(settings: ConfigFile, locate: Locate): ConfigProblem[] {
  const owners = new Map<string, string>();
  return Object.entries(settings.services).flatMap(([name, service]) => componentsOf(service).flatMap((component) => {
    const store = component.engine === 'postgres' ? `${component.container}, database ${component.database}` : component.container;
    const owner = owners.get(`${component.engine}\n${store}`);
    owners.set(`${component.engine}\n${store}`, owner ?? name);
    if (owner === undefined) return [];
    const path = ['services', name, component.engine, 'container'];
    return [{ where: path.join('.'), position: locate.value(path), found: store, allowed: `it belongs to the service ${owner}, and a restore of one would replace the other's data` }];
  }));
}

function sharedPaths(settings: ConfigFile, file: string, locate: Locate): ConfigProblem[] {
  const owners = new Map<string, string>();
  return locations(settings, file).flatMap(({ name, path }) => {
    const owner = owners.get(path);
    owners.set(path, owner ?? name);
    return owner === undefined ? [] : [{ where: `repositories.${name}.url`, position: locate.value(['repositories', name, 'url']), found: path, allowed: `the repository ${owner} is there already; a copy in the same place is no copy` }];
  });
}
