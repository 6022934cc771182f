/** From the sections of a service that are about drills to what they amount to. */
import { resolve } from 'node:path';
import type { Assertion } from '../domain/drill/assertion.ts';
import { placeText } from '../domain/drill/drill-keys.ts';
import { noDrillSettings, parseChoice, type DrillApplication, type DrillSettings, type TestSettings } from '../domain/drill/drill-settings.ts';
import { readExpectation, type Expectation } from '../domain/drill/expectation.ts';
import type { Objectives } from '../domain/drill/objectives.ts';
import type { ProvePolicy } from '../domain/prove-policy.ts';
import type { ReportSettings } from './config.ts';
import type { ConfigProblem } from './config-problem.ts';
import { memoryPattern, type ConfigFile, type ServiceSettings } from './config-schema.ts';
import { parseDuration } from './duration.ts';
import type { Locate } from './parse-config.ts';

type Drill = NonNullable<ServiceSettings['drill']>;

const milliseconds = (text: string): number => parseDuration(text) ?? 0;

export function objectivesFrom(given: NonNullable<ServiceSettings['objectives']>): Objectives {
  const { backup, verify, restore, rebuild, rpo } = given;
  return { backup: milliseconds(backup), verify: milliseconds(verify), restore: milliseconds(restore), rebuild: milliseconds(rebuild), rpo: milliseconds(rpo) };
}

/** `prove` is there only where neither each one nor none says it all: services of before it was known read the same. */
export function provePolicy(given: boolean | ProvePolicy): { readonly proveAfterBackup: boolean; readonly prove?: ProvePolicy } {
  if (given === 'daily' || given === 'weekly') return { proveAfterBackup: true, prove: given };
  return { proveAfterBackup: given === true || given === 'always' };
}

/** @param directory where relative paths begin */
export function drillSettings(drill: Drill, directory: string): DrillSettings {
  return {
    choose: parseChoice(drill.choose) ?? noDrillSettings.choose,
    assertions: Object.entries(drill.assertions).map(([name, each]) => assertionOf(name, each)),
    tests: drill.tests === undefined ? null : testSettings(drill.tests),
    health: drill.health === undefined ? null : { url: drill.health.url, withinMs: milliseconds(drill.health.within) },
    ...(drill.app === undefined ? {} : { application: applicationOf(drill.app) }),
    ...(drill.compose === undefined ? {} : { compose: { file: resolve(directory, drill.compose.file), databases: definedIn(drill.compose.databases) } }),
    ...(Object.keys(drill.keys).length === 0 ? {} : { keys: Object.entries(drill.keys).map(([name, kept]) => ({ name, kept })) }),
  };
}

const definedIn = (given: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> => Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

function memoryBytes(text: string): number {
  const [, count, unit] = memoryPattern.exec(text) ?? [];
  return Number(count) * (unit === 'GB' ? 1_024 ** 3 : 1_024 ** 2);
}

const testSettings = ({ image, command, timeout, memory, environment }: NonNullable<Drill['tests']>): TestSettings =>
  ({ image, command, timeoutMs: milliseconds(timeout), memoryBytes: memoryBytes(memory), environment });

const applicationOf = ({ image, command, memory, environment }: NonNullable<Drill['app']>): DrillApplication =>
  ({ image, command: command ?? null, memoryBytes: memoryBytes(memory), environment });

/** Who is asked is started, and is reached by the name that the URL has; nothing but http is spoken on a network without a way out. */
export function answeredHealth(settings: ConfigFile, locate: Locate): ConfigProblem[] {
  return Object.entries(settings.services).flatMap(([name, { drill }]): ConfigProblem[] => {
    if (drill?.health === undefined) return [];
    const path = ['services', name, 'drill', 'health'];
    const problem = (found: string, allowed: string): ConfigProblem[] => [{ where: path.join('.'), position: locate.key(path), found, allowed }];
    if (drill.app === undefined && drill.compose === undefined) return problem('no app beside it', 'allowed is health beside app or compose: on the drill\'s network nobody answers who was not started there');
    const { protocol, hostname } = new URL(drill.health.url);
    if (protocol !== 'http:') return problem(protocol, 'allowed is http: on the drill\'s network');
    return /^[a-z][a-z0-9-]{0,62}$/.test(hostname) ? [] : problem(hostname, 'allowed is a plain name, which the application then has on the drill\'s network: http://app:8009/health');
  });
}

function assertionOf(name: string, { sql, redis, database, expect }: Drill['assertions'][string]): Assertion {
  // Read before: the schema takes nothing that cannot be.
  const expected = readExpectation(expect) as Expectation;
  if (sql !== undefined) return { kind: 'sql', name, component: 'postgres', sql, expect: expected };
  return { kind: 'redis', name, component: 'redis', command: redis ?? [], database: database ?? 0, expect: expected };
}

/** One environment of a drill, and one that is about the databases that there are. */
export function composedDrills(settings: ConfigFile, locate: Locate): ConfigProblem[] {
  return Object.entries(settings.services).flatMap(([name, service]): ConfigProblem[] => {
    const { app, compose } = service.drill ?? {};
    if (compose === undefined) return [];
    const path = ['services', name, 'drill', 'compose'];
    const problem = (below: readonly string[], found: string, allowed: string): ConfigProblem => ({ where: [...path, ...below].join('.'), position: locate.key([...path, ...below]), found, allowed });
    return [
      ...app === undefined ? [] : [problem([], 'app beside it', 'allowed is one of them: the application is a service of the compose file')],
      ...Object.keys(definedIn(compose.databases)).filter((engine) => service[engine as 'postgres' | 'redis'] === undefined).map((engine) => problem(['databases', engine], engine, `the service has no ${engine}`)),
    ];
  });
}

export const reportSettings = ({ signingKey, keep, keys }: NonNullable<ConfigFile['reports']>): ReportSettings =>
  ({ ...(signingKey === undefined ? {} : { signingKey }), keepMs: milliseconds(keep), ...(keys === undefined ? {} : { keys }) });

/** A key that lies where the live service has its password goes with the host that the disaster takes. */
export function escrowedKeys(settings: ConfigFile, locate: Locate): ConfigProblem[] {
  return Object.entries(settings.services).flatMap(([service, { drill, postgres, redis }]) => Object.entries(drill?.keys ?? {}).flatMap(([name, kept]): ConfigProblem[] => {
    const live = [postgres?.password, redis?.password].some((password) => password !== undefined && placeText(password) === placeText(kept));
    const path = ['services', service, 'drill', 'keys', name];
    return live ? [{ where: path.join('.'), position: locate.key(path), found: placeText(kept), allowed: 'allowed is a place of its own: the live service has its password there, and after a disaster nobody does' }] : [];
  }));
}

/** Each assertion asks one store, and one that the service has. */
export function askedComponents(settings: ConfigFile, locate: Locate): ConfigProblem[] {
  return Object.entries(settings.services).flatMap(([name, service]) => Object.entries(service.drill?.assertions ?? {}).flatMap(([assertion, { sql, redis, database }]): ConfigProblem[] => {
    const path = ['services', name, 'drill', 'assertions', assertion];
    const problem = (found: string, allowed: string): ConfigProblem[] => [{ where: path.join('.'), position: locate.key(path), found, allowed }];
    if ((sql === undefined) === (redis === undefined)) return problem(sql === undefined ? 'neither sql nor redis' : 'both sql and redis', 'allowed is one of them');
    if (sql !== undefined && service.postgres === undefined) return problem('sql', 'the service has no postgres to ask');
    if (redis !== undefined && service.redis === undefined) return problem('redis', 'the service has no redis to ask');
    if (sql !== undefined && database !== undefined) return problem('database', 'allowed is database beside redis alone: sql is asked in the database of the service');
    return [];
  }));
}
