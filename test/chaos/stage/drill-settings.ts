/** What the drills of a stage ask, so that each of their steps has something to do: both stores, an application with its health and its tests, and a key that is not there yet. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { noDrillSettings, type DrillApplication, type DrillSettings } from '../../../src/domain/drill/drill-settings.ts';
import type { Objectives } from '../../../src/domain/drill/objectives.ts';
import type { ServiceDefinition } from '../../../src/domain/service.ts';

/** The application alone, or as a service of a compose file; and where a drill begins with nothing, with a key to be asked for. */
export type DrillSet = 'alone' | 'composed' | 'keyed';

export interface DrillStage {
  readonly definition: Pick<ServiceDefinition, 'drill' | 'objectives'>;
  /** Names of the checks that a drill of it promises, beside those of its stores. */
  readonly checks: readonly string[];
}

const dayMs = 86_400_000;
/** A sweep goes on for hours, on a machine that has much else to do: how long anything took, or how old a backup is by then, is not what it is about. */
const objectives: Objectives = { backup: dayMs, verify: dayMs, restore: dayMs, rebuild: dayMs, rpo: dayMs };

const assertions: DrillSettings['assertions'] = [
  { kind: 'sql', name: 'items', component: 'postgres', sql: 'SELECT count(*) FROM items', expect: { kind: 'number', atLeast: '100' } },
  { kind: 'redis', name: 'state', component: 'redis', command: ['GET', 'state'], database: 0, expect: { kind: 'rows' } },
];
const image = 'postgres:17';
const memoryBytes = 128 * 1024 ** 2;
/** On either side, and at any moment between. */
const isThere = 'test "$(psql -X -A -t -c "SELECT count(*) FROM items")" -ge 100';
/** Well where both stores answer. */
const server = `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 8009, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $s->accept) {
  while (<$c>) { last if /^\\r?\\n$/ }
  my $items = \`psql "$ENV{DATABASE_URL}" -X -A -t -c "SELECT count(*) FROM items"\`;
  my $redis = IO::Socket::INET->new(PeerAddr => 'redis:6379'); print $redis "EXISTS state\\r\\n"; my $state = <$redis>;
  my $code = $items >= 100 && $state =~ /^:1/ ? 200 : 500;
  print $c "HTTP/1.1 $code So\\r\\nContent-Length: 0\\r\\n\\r\\n"; close $c;
}`;
const application: DrillApplication = { image, command: ['perl', '-e', server], memoryBytes, environment: {} };
/** Long enough to be struck in. */
const tests: DrillSettings['tests'] = { image, command: ['sh', '-c', `${isThere} && sleep 1`], timeoutMs: 60_000, memoryBytes, environment: {} };
const health: DrillSettings['health'] = { url: 'http://shop:8009/health', withinMs: 60_000 };

const password = 'only-for-this-stage';
const compose = {
  services: {
    api: {
      image, hostname: 'shop', entrypoint: ['perl', '-e'], command: [server.replaceAll('$', '$$$$')], user: 'nobody', working_dir: '/tmp', environment: { DATABASE_URL: `postgresql://postgres:${password}@db:5432/shop` }, depends_on: ['db', 'redis', 'broker'],
      healthcheck: { test: ['CMD', 'perl', '-MIO::Socket::INET', '-e', 'exit(IO::Socket::INET->new(PeerAddr => "127.0.0.1:8009") ? 0 : 1)'], interval: '1s', timeout: '5s', retries: 30 },
    },
    db: { image, environment: { POSTGRES_PASSWORD: password, POSTGRES_DB: 'shop' } },
    redis: { image: 'redis:8' },
    broker: { image: 'redis:8', volumes: ['broker:/data'] },
  },
  volumes: { broker: null },
};

const composeFile = (directory: string): string => join(directory, 'docker-compose.test.yml');
const keyFile = (directory: string): string => join(directory, 'mail.pem');

/** @param directory of the stage's own, outside of everything that is looked at */
export async function setDrills(directory: string, set: DrillSet): Promise<DrillStage> {
  await rm(keyFile(directory), { force: true });
  if (set === 'composed') {
    await writeFile(composeFile(directory), stringify(compose));
    return { definition: { objectives, drill: { ...noDrillSettings, health, compose: { file: composeFile(directory), databases: { postgres: 'db', redis: 'redis' } } } }, checks: ['service:api', 'service:broker', 'health'] };
  }
  const asked = { ...noDrillSettings, assertions, tests, health, application };
  const checks = ['assertion:items', 'assertion:state', 'tests', 'health'];
  if (set === 'alone') return { definition: { objectives, drill: asked }, checks };
  return { definition: { objectives, drill: { ...asked, keys: [{ name: 'mail', kept: { file: keyFile(directory) } }] } }, checks: [...checks, 'keys'] };
}

export const bringKey = (directory: string): Promise<void> => writeFile(keyFile(directory), 'a key that opens nothing\n');
