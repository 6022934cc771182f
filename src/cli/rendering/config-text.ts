/** What a configuration amounts to, as `holdfast config` says it. Pure. */
import type { Config } from '../../config/config.ts';
import { formatDuration } from '../../config/duration.ts';
import { wishedSchedules } from '../../domain/schedules/schedule-terms.ts';
import type { Component, ServiceDefinition } from '../../domain/service.ts';

export function configText(config: Config): readonly string[] {
  return [
    `Valid: ${config.path ?? 'from the environment'}`,
    ...config.services.flatMap(serviceText),
    ...config.repositories.map(({ name, path }) => `repository ${name}: ${path}`),
    `host ${config.host}, task queues ${config.queuePrefix} and ${config.queuePrefix}-host-${config.host}`,
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
    `  after a backup: ${service.proveAfterBackup ? 'proven' : 'not proven'}, ${service.contentHashes ? 'counts and content hashes' : 'counts only'}`,
    `  approval: ${approval.required.join(', ') || 'nothing asks for it'}${approval.fourEyes ? ', by somebody else than who asked' : ''}${approval.approvers.length > 0 ? `, by ${approval.approvers.join(' or ')}` : ''}, within ${formatDuration(approval.expiresAfterMs)}`,
    `  starts by itself, once holdfast schedule apply was said: ${schedulesText(service)}`,
  ];
}

function schedulesText(service: ServiceDefinition): string {
  const [first, ...rest] = wishedSchedules(service, '');
  return first === undefined ? 'nothing' : `${[first, ...rest].map(({ verb, terms }) => `${verb} at ${terms.when}`).join(', ')} (${first.terms.timeZone})`;
}

function componentText(component: Component): string {
  const { password } = component;
  const secret = password === undefined ? '' : `, password from ${'env' in password ? `the variable ${password.env}` : `the file ${password.file}`}`;
  return component.engine === 'postgres' ? `container ${component.container}, database ${component.database} as ${component.user}${secret}` : `container ${component.container}${component.user === undefined ? '' : ` as ${component.user}`}${secret}`;
}
