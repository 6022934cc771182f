/** What a configuration amounts to, as `holdfast config` says it. Pure. */
import type { Config } from '../../config/config.ts';
import { formatDuration } from '../../config/duration.ts';
import { drillSettingsOf, objectivesOf } from '../../domain/drill/drill-settings.ts';
import { objectiveNames } from '../../domain/drill/objectives.ts';
import { defaultPolicy, policyText } from '../../domain/retention/policy.ts';
import { wishedSchedules } from '../../domain/schedules/schedule-terms.ts';
import type { Component, PostgresComponent, ServiceDefinition } from '../../domain/service.ts';
import { productionTiming } from '../../domain/timing.ts';
import { polledQueues } from '../../domain/task-queues.ts';
import { counted } from '../../domain/wording.ts';

export function configText(config: Config): readonly string[] {
  return [
    `Valid: ${config.path ?? 'from the environment'}`,
    ...config.services.flatMap(serviceText),
    ...config.repositories.map(({ name, path }) => `repository ${name}: ${path}`),
    `host ${config.host}, task queues ${polledQueues(config.host, config.queuePrefix).map(([queue]) => queue).join(', ')}`,
  ];
}

function serviceText(service: ServiceDefinition): readonly string[] {
  const { approval, health, application } = service;
  return [
    `service ${service.name}${service.version === null ? '' : ` ${service.version}`}`,
    ...service.components.map((component) => `  ${component.name}: ${componentText(component)}`),
    `  application: ${application === null ? 'none is restarted after a restore' : application.containers.join(', ')}`,
    `  health: ${health === null ? 'nobody is asked after a restore' : `${health.url} within ${formatDuration(health.withinMs)}`}`,
    `  repositories: ${service.repositories.join(', ')}`,
    ...(service.canary === true ? ['  before a backup: a canary is written into each store'] : []),
    `  after a backup: ${provenText(service)}, ${service.contentHashes ? 'counts and content hashes' : 'counts only'}`,
    `  approval: ${approval.required.join(', ') || 'nothing asks for it'}${approval.fourEyes ? ', by somebody else than who asked' : ''}${approval.approvers.length > 0 ? `, by ${approval.approvers.join(' or ')}` : ''}, within ${formatDuration(approval.expiresAfterMs)}`,
    `  drills: ${drillText(service)}`,
    `  objectives: ${objectivesText(service)}`,
    `  kept: ${policyText(service.retention ?? defaultPolicy)}`,
    ...Object.entries(service.retentionIn ?? {}).map(([repository, policy]) => `  kept in ${repository}: ${policyText(policy)}`),
    `  starts by itself, once holdfast schedule apply was said: ${schedulesText(service)}`,
  ];
}

const provenText = ({ prove, proveAfterBackup }: ServiceDefinition): string => (!proveAfterBackup ? 'not proven' : prove === undefined ? 'proven' : `proven ${prove}`);

function drillText(service: ServiceDefinition): string {
  const { choose, assertions, tests, health, compose, keys = [] } = drillSettingsOf(service);
  const asked = [...(compose === undefined ? [] : [`in ${compose.file}`]), ...(assertions.length === 0 ? [] : [counted(assertions.length, 'assertion')]), ...(tests === null ? [] : [`${tests.command[0]} in ${tests.image}`]), ...(health === null ? [] : [health.url]), ...(keys.length === 0 ? [] : [`${counted(keys.length, 'key')} asked for by a rebuild`])];
  return `${choose.kind === 'latest' ? 'the newest backup' : `one by chance of the last ${choose.days} days`}, ${asked.join(', ') || 'no assertion or test of yours'}`;
}

function objectivesText(service: ServiceDefinition): string {
  const objectives = objectivesOf(service);
  return objectiveNames.map((name) => `${name} ${formatDuration(objectives[name])}`).join(', ');
}

function schedulesText(service: ServiceDefinition): string {
  const [first, ...rest] = wishedSchedules(service, '');
  return first === undefined ? 'nothing' : `${[first, ...rest].map(({ verb, terms }) => `${verb} at ${terms.when}`).join(', ')} (${first.terms.timeZone})`;
}

function componentText(component: Component): string {
  const { password } = component;
  const secret = password === undefined ? '' : `, password from ${'env' in password ? `the variable ${password.env}` : `the file ${password.file}`}`;
  return component.engine === 'postgres' ? `container ${component.container}, database ${component.database} as ${component.user}${secret}${logText(component)}` : `container ${component.container}${component.user === undefined ? '' : ` as ${component.user}`}${secret}`;
}

/** How its log is kept, and how much of that is lost with the host. */
function logText({ wal, walPartialMs = productionTiming.walPartialMs }: PostgresComponent): string {
  if (wal === undefined) return '';
  return wal === 'archive' ? ', its log archived by the server' : `, its log received, and its newest segment stored every ${formatDuration(walPartialMs)}`;
}
