/** Another host of a stage's, where its service is brought up when its own is gone: on the same engine, but a worker, a queue and a repository of its own. */
import { cp, rm } from 'node:fs/promises';
import type { Config } from '../../../src/config/config.ts';
import type { ServiceDefinition } from '../../../src/domain/service.ts';
import type { ServiceFixture } from '../../support/service-fixture.ts';

const offsite = 'offsite';
const hostOf = ({ name }: ServiceFixture): string => `standby-${name.slice(4)}`;
export const offsitePath = ({ repositoryPath }: ServiceFixture): string => `${repositoryPath}.offsite`;

/** What the service's own host knows of it. Its repository is a copy of what the service's own is now. */
export async function failoverFor(service: ServiceFixture): Promise<Pick<ServiceDefinition, 'failover'>> {
  await rm(offsitePath(service), { recursive: true, force: true });
  await cp(service.repositoryPath, offsitePath(service), { recursive: true });
  return { failover: { host: hostOf(service), repository: offsite } };
}

/** The configuration of that host: the same service, out of that repository alone. */
export function standbyConfig(service: ServiceFixture): Config {
  const { failover: _, ...own } = service.config.services[0] as ServiceDefinition;
  return { ...service.config, host: hostOf(service), services: [{ ...own, host: hostOf(service), repositories: [offsite] }], repositories: [{ name: offsite, path: offsitePath(service) }] };
}
