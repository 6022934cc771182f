/**
 * PostgreSQL by base backup and data directory, under the suite that every engine passes, by the tools of Alpine; a server per test, because the whole of it is exchanged.
 * @module-tag long
 */
import { describeEngine } from '../../../suites/engine-suite.ts';
import { useDocker } from '../../../support/docker.ts';
import { useEngineWorlds } from '../engine-worlds.ts';
import { engine, startPostgres } from '../postgres-fixture.ts';

const docker = useDocker();
const openWorld = useEngineWorlds(docker);

describeEngine(engine, async () => openWorld(await startPostgres(docker, { image: 'postgres:17-alpine' })), (prepared) => prepared, 'base');
