/** The application around the databases: a container that always holds a connection, and a health URL that asks both stores through it. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ServiceDefinition } from '../../../src/domain/service.ts';
import { realProgram } from '../../../src/engines/postgres/server/real-program.ts';
import type { ServiceFixture } from '../../support/service-fixture.ts';
import { testLabel } from '../../support/test-environment.ts';

export interface Application {
  /** What the service's configuration says of it; known before its container exists. */
  readonly definition: Pick<ServiceDefinition, 'application' | 'health'>;
  /** Starts the container beside the databases. */
  start(service: ServiceFixture): Promise<void>;
  /** Up again, and in the network of a database container that was started since. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

/** A pool that reconnects for ever, and reads all the time: a close has to throw it out, and an opening to let it in. */
const command = `PATH="/usr/lib/postgresql/$PG_MAJOR/bin:$PATH"; while :; do printf 'SELECT count(*) FROM items \\\\watch 0.5\\n' | psql -X -q -h 127.0.0.1 -U postgres -d shop >/dev/null 2>&1; sleep 0.3; done`;
const question = realProgram('psql', '-X', '-A', '-t', '-q', '-h', '127.0.0.1', '-U', 'postgres', '-d', 'shop', '-c', 'SELECT word FROM state');
const askWithinMs = 4_000;
/** Longer than a container takes that its own restart policy starts again. */
const healthyWithinMs = 120_000;

export async function openApplication(): Promise<Application> {
  const name = `hf-test-app-${randomBytes(4).toString('hex')}`;
  let service: ServiceFixture | null = null;
  const server = createServer((_request, response) => void isHealthy(service, name).catch(() => false).then((healthy) => response.writeHead(healthy ? 200 : 503).end()));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    definition: { application: { containers: [name] }, health: { url: `http://127.0.0.1:${port}/health`, withinMs: healthyWithinMs } },
    start: async (started) => {
      service = started;
      await createContainer(started, name);
    },
    renew: async () => {
      if (service === null) return;
      const [database, application] = [await service.runtime.inspect(service.postgres), await service.runtime.inspect(name)];
      if (application.state === 'running' && (application.startedAt ?? '') > (database.startedAt ?? '')) return;
      await service.runtime.kill(application.id);
      await service.runtime.start(application.id);
    },
    close: async () => {
      const found = await service?.runtime.find(name);
      if (found != null) await service?.runtime.remove(found.id);
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** Both stores answer it, and they are of one side. */
async function isHealthy(service: ServiceFixture | null, name: string): Promise<boolean> {
  if (service === null) return false;
  const { exitCode, stdout } = await service.runtime.exec(name, { argv: question, timeoutMs: askWithinMs });
  return exitCode === 0 && stdout.trim() !== '' && stdout.trim() === await service.redisCli('GET', 'state');
}

async function createContainer(service: ServiceFixture, name: string): Promise<void> {
  const { imageId } = await service.runtime.inspect(service.postgres);
  const volumes = (await service.runtime.findImage(imageId))?.volumes ?? [];
  const { id } = await service.runtime.create({
    name, imageId, entrypoint: ['sh'], command: ['-c', command], labels: { [testLabel]: service.name },
    network: `container:${service.postgres}`, init: true, mounts: volumes.map((target) => ({ type: 'tmpfs', source: '', target })),
  });
  await service.runtime.start(id);
}
