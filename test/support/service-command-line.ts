/** The real program as whoever runs the fixture's service would use it: with a holdfast.yaml that is about the same containers, repository and queues as the fixture's own workers. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineName } from '../../src/domain/engine-name.ts';
import type { Component } from '../../src/domain/service.ts';
import { runCommand, type CommandEnd } from './command-line.ts';
import type { ServiceFixture } from './service-fixture.ts';
import { dockerHost, temporalAddress } from './test-environment.ts';

export type CommandLine = (...args: string[]) => Promise<CommandEnd>;

export interface FurtherConfiguration {
  /** Of the components only these; all unless given. */
  readonly only?: EngineName;
  /** Of the service, beside its components. */
  readonly service?: object;
  /** Of the whole file, in place of what would stand there else. */
  readonly file?: object;
}

/** Writes holdfast.yaml into the directory, and answers what runs commands there. */
export async function commandLineOf({ name, config, repositoryPath }: ServiceFixture, directory: string, { only, service, file }: FurtherConfiguration = {}): Promise<CommandLine> {
  const components = (config.services[0]?.components ?? []).filter(({ engine }) => only === undefined || engine === only);
  await writeFile(join(directory, 'holdfast.yaml'), JSON.stringify({
    host: config.host, queuePrefix: config.queuePrefix, repositories: { local: { url: repositoryPath } },
    services: { [name]: { ...Object.fromEntries(components.map((component) => [component.engine, entryOf(component)])), ...service } }, ...file,
  }));
  return (...args) => runCommand(args, { directory, environment: { DOCKER_HOST: dockerHost(), TEMPORAL_ADDRESS: temporalAddress() } });
}

const entryOf = (component: Component): object =>
  (component.engine === 'postgres' ? { container: component.container, database: component.database, wal: component.wal } : { container: component.container });
