/**
 * A dump restored as a whole, under the suite that every engine passes: whatever is done before and after is what is done with any other cut-over.
 * @module-tag long
 */
import type { DatabaseEngine } from '../../../../src/engines/engine.ts';
import type { PostgresComponent } from '../../../../src/domain/service.ts';
import { describeEngine } from '../../../suites/engine-suite.ts';
import { useDocker } from '../../../support/docker.ts';
import { useEngineWorlds } from '../engine-worlds.ts';
import { engine, startPostgres } from '../postgres-fixture.ts';

const docker = useDocker();
const openWorld = useEngineWorlds(docker);

const prepareWhole = engine.prepareWhole as NonNullable<typeof engine.prepareWhole>;
const whole: DatabaseEngine<PostgresComponent> = { ...engine, prepare: (ctx, component, backup, source) => prepareWhole(ctx, component, backup, source, 'it is said so') };

describeEngine(whole, async () => {
  const postgres = await startPostgres(docker);
  const world = await openWorld(postgres);
  await postgres.sql('CREATE ROLE owners; ALTER TABLE notes OWNER TO owners;');
  return world;
});
