/**
 * A service described by environment variables alone, with the names and defaults of the backup scripts that Holdfast grew out of,
 * so that a crontab written for them goes on working.
 */
import { resolve } from 'node:path';
import { checkPolicy, policyBounds } from '../domain/retention/policy.ts';
import type { SecretReference } from '../domain/secret-reference.ts';
import type { Component, ServiceDefinition } from '../domain/service.ts';
import type { Config } from './config.ts';
import { describeFound, invalidConfiguration, type ConfigProblem } from './config-problem.ts';
import { configSchema } from './config-schema.ts';
import { provePolicy } from './drill-settings.ts';
import { approvalPolicy } from './service-definitions.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export const environmentServiceName = 'story-portal';
const repositoryName = 'local';
const namePattern = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

const defaults = {
  POSTGRES_CONTAINER: 'agentic-postgres',
  REDIS_CONTAINER: 'agentic-redis',
  POSTGRES_DB: 'agentic_platform',
  POSTGRES_USER: 'postgres',
  BACKUP_DIR: './backups',
} as const;
type Name = keyof typeof defaults;

/** @throws InvalidConfiguration with every variable that is wrong */
export function configFromEnvironment(environment: Environment, currentDirectory: string): Config {
  const problems = problemsIn(environment);
  if (problems.length > 0) throw invalidConfiguration('the environment', problems);
  const value = (name: Name): string => environment[name] || defaults[name];
  const { approval, backup } = configSchema.parse({ services: {}, repositories: {} });
  const service: ServiceDefinition = {
    name: environmentServiceName, host: 'local', version: null, components: components(value, environment),
    application: null, health: null, repositories: [repositoryName],
    approval: approvalPolicy(approval), ...provePolicy(backup.prove), contentHashes: backup.hashes, skewLimitMs: 2_000,
    ...(environment['RETENTION_DAYS'] ? { retention: checkPolicy({ days: Number(environment['RETENTION_DAYS']) }) } : {}),
  };
  return {
    services: [service],
    repositories: [{ name: repositoryName, path: resolve(currentDirectory, value('BACKUP_DIR')) }],
    host: 'local', queuePrefix: 'holdfast', path: null, notices: notices(value, environment),
  };
}

/**
 * With a configuration file, POSTGRES_CONTAINER and REDIS_CONTAINER only point a *restore* at other containers (they never change what
 * is backed up). Undefined where neither names another container than the configured one.
 */
export function containersFromEnvironment(components: readonly Component[], environment: Environment): Readonly<Record<string, string>> | undefined {
  const wanted = components.flatMap((component) => {
    const container = environment[component.engine === 'postgres' ? 'POSTGRES_CONTAINER' : 'REDIS_CONTAINER'];
    return container === undefined || container === '' || container === component.container ? [] : [[component.name, container] as const];
  });
  return wanted.length === 0 ? undefined : Object.fromEntries(wanted);
}

/** What a restore that the environment redirects would do: with which names, into what, and what it leaves alone. */
export function redirectionNotice(components: readonly Component[], into: Readonly<Record<string, string>>): string {
  const redirected = components.filter(({ name }) => into[name] !== undefined);
  const names = redirected.map(({ engine }) => (engine === 'postgres' ? 'POSTGRES_CONTAINER' : 'REDIS_CONTAINER')).join(' and ');
  const targets = redirected.map(({ name, container }) => `${name} into ${into[name]} instead of ${container}`).join(', ');
  const left = components.filter(({ name }) => into[name] === undefined).map(({ name, container }) => `${name} (${container}) is not restored`);
  return `The environment redirects this restore (${names}): ${[targets, ...left].join('; ')}. For the service's own containers: unset ${names}.`;
}

function components(value: (name: Name) => string, environment: Environment): readonly Component[] {
  const postgresPassword = reference(environment, ['POSTGRES_PASSWORD', 'PGPASSWORD']);
  const redisPassword = reference(environment, ['REDIS_PASSWORD', 'REDISCLI_AUTH']);
  return [
    { engine: 'postgres', name: 'postgres', container: value('POSTGRES_CONTAINER'), database: value('POSTGRES_DB'), user: value('POSTGRES_USER'), ...postgresPassword },
    { engine: 'redis', name: 'redis', container: value('REDIS_CONTAINER'), ...redisPassword },
  ];
}

/** A reference to the first variable that is set; its value stays where it is. */
function reference(environment: Environment, names: readonly string[]): { password?: SecretReference } {
  const name = names.find((candidate) => (environment[candidate] ?? '') !== '');
  return name === undefined ? {} : { password: { env: name } };
}

function problemsIn(environment: Environment): ConfigProblem[] {
  const wrong = (where: string, allowed: string): ConfigProblem => ({ where, position: null, found: describeFound([where], environment[where]), allowed });
  const problems = (['POSTGRES_CONTAINER', 'REDIS_CONTAINER'] as const)
    .filter((name) => environment[name] && !namePattern.test(environment[name]))
    .map((name) => wrong(name, 'allowed is the name of a container'));
  const days = environment['RETENTION_DAYS'];
  const [least, most] = policyBounds.days;
  if (days && !(/^[1-9][0-9]{0,4}$/.test(days) && Number(days) <= most)) problems.push(wrong('RETENTION_DAYS', `allowed is a whole number of days, from ${least} to ${most}`));
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(environment['BACKUP_DIR'] ?? '')) problems.push(wrong('BACKUP_DIR', 'not in this version: object storage; allowed is a directory'));
  return problems;
}

function notices(value: (name: Name) => string, environment: Environment): readonly string[] {
  const found = `No holdfast.yaml was found: the service ${environmentServiceName} is ${value('POSTGRES_CONTAINER')} (database ${value('POSTGRES_DB')}) and ${value('REDIS_CONTAINER')}, backups go to ${value('BACKUP_DIR')}. Write a file with: holdfast init`;
  const kept = `RETENTION_DAYS=${environment['RETENTION_DAYS']} is what holdfast prune goes by. A backup does not remove older ones: see what would go with holdfast prune --plan, and have it done daily with holdfast schedule apply.`;
  return environment['RETENTION_DAYS'] ? [found, kept] : [found];
}
