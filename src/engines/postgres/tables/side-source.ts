/** A dump as a source of tables: the whole of it restored beside the live database, compared with its manifest, and opened to ourselves alone. */
import type { PostgresDump } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import { inBackup } from '../../../domain/tables/definition.ts';
import type { ArtifactSource, EngineContext } from '../../engine-context.ts';
import { comparedObjects } from '../content/compare-restored.ts';
import type { Inspection } from '../inspect.ts';
import { makeSide, refuseBoundExtensions, refuseOlderMajor, refuseWithoutSpace } from '../prepare.ts';
import { runPsql } from '../server/psql.ts';
import { missingTablespaces } from '../side/missing-tablespaces.ts';
import { checkedInput } from '../side/restore-and-compare.ts';
import { dropCreatedRoles } from '../side/restored-roles.ts';
import { dropDatabase, sideNameOf } from '../side/side-database.ts';
import type { ServerPlace } from '../side/side-database.ts';
import type { TableOrigin, TablesAsTheyWere } from './as-they-were.ts';

/** With a connection limit of 0 only superusers enter. Not where it was touched since it was compared. Psql variables: side, oid, xmin. */
const enterSql = `SET search_path = '';
SELECT format('ALTER DATABASE %I WITH ALLOW_CONNECTIONS true CONNECTION LIMIT 0 IS_TEMPLATE false', datname) FROM pg_database WHERE datname = :'side' AND oid::text = :'oid' AND NOT datallowconn AND xmin::text = :'xmin' \\gexec
SELECT datallowconn FROM pg_database WHERE datname = :'side' AND oid::text = :'oid';`;

/** @throws VersionMismatch, UnsupportedTopology, NotEnoughSpace, ArtifactDamaged, RestoreFailed, ProofFailed, HelperLost and what `use` throws */
export const dumpOrigin = (ctx: EngineContext, backup: PostgresDump, source: ArtifactSource): TableOrigin => ({
  then: inBackup,
  comparedObjects: comparedObjects(backup.content),
  notCompared: backup.notCompared,
  within: (place, inspection, use) => withDumpBeside(ctx, place, inspection, backup, source, use),
});

/**
 * What it holds has been taken aside when `use` is over: it is dropped again with the roles that were made for it. Where `use` fails, or is killed, by the
 * next attempt or by the clean-up of the run.
 */
async function withDumpBeside<T>(ctx: EngineContext, place: ServerPlace, inspection: Inspection, backup: PostgresDump, source: ArtifactSource, use: (from: TablesAsTheyWere) => Promise<T>): Promise<T> {
  const { component } = place;
  refuseOlderMajor(component, inspection, backup);
  refuseBoundExtensions(component, backup);
  refuseWithoutSpace(component, inspection, backup);
  const [tablespaces, input] = await Promise.all([missingTablespaces(ctx, place, backup, source), checkedInput(ctx, backup, source)]);
  const made = await makeSide(ctx, place, inspection, backup, input, tablespaces.length === 0 ? [] : ['--no-tablespaces']);
  const side = sideNameOf(ctx.owner, component.name);
  const entered = await runPsql(ctx, { ...place, database: null, operation: 'enter the restored copy', sql: enterSql, variables: { side, oid: made.oid, xmin: made.xmin } });
  if (entered.trim() !== 't') throw new HoldfastFailure('PlanChanged', { operation: 'enter the restored copy', object: side, cause: 'it is gone, or was altered after it was compared', hint: 'Nothing live was changed. Start again.' });
  const { container, server: { port, majorVersion } } = inspection;
  const answer = await use({ place: { ...place, component: { ...component, database: side } }, helper: { imageId: container.imageId, network: `container:${container.id}`, port, majorVersion, mounts: [] } });
  await dropDatabase(ctx, place, side, made.oid);
  await dropCreatedRoles(ctx, place, ctx.owner);
  return answer;
}
