/** PostgreSQL under the suite that every engine passes; one server, a database per test. */
import { beforeAll } from 'vitest';
import { describeEngine } from '../../suites/engine-suite.ts';
import { useDocker } from '../../support/docker.ts';
import { useEngineWorlds } from './engine-worlds.ts';
import { engine, startPostgres } from './postgres-fixture.ts';
import type { TestPostgres } from './postgres-fixture.ts';

const docker = useDocker();
const openWorld = useEngineWorlds(docker);
let postgres: TestPostgres;
let databases = 0;

beforeAll(async () => { postgres = await startPostgres(docker); });

describeEngine(engine, async () => {
  databases += 1;
  const database = `suite_${databases}`;
  await postgres.sql(`CREATE DATABASE ${database}`);
  return openWorld(postgres, database);
});
