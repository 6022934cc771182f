/** Drills of PostgreSQL: what its running server is asked, and who gets in. */
import type { ComponentBackup, NotCompared, PostgresBackup, PostgresBase, PostgresDump } from '../../../domain/backup-manifest.ts';
import type { Difference, PostgresContent } from '../../../domain/content.ts';
import { checksOfProof } from '../../../domain/drill/checks-of-proof.ts';
import type { DrillCheck } from '../../../domain/drill/check.ts';
import { postgresWays } from '../../../domain/drill/ways-in.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { ComponentProof } from '../../../domain/proof.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { counted } from '../../../domain/wording.ts';
import type { DrillEngine, DrillServer, StartedServer } from '../../drill-engine.ts';
import type { EngineContext } from '../../engine-context.ts';
import { comparedObjects, compareRestored } from '../content/compare-restored.ts';
import { readServerContent } from '../read-content.ts';
import { queryJson, runPsql } from '../server/psql.ts';
import { checkIndexes, removeAmcheck } from './amcheck.ts';
import { askSql } from './ask-sql.ts';
import { checkSurroundings } from './check-surroundings.ts';
import { asRoot } from './drill-connection.ts';
import { readCanary } from './read-canary.ts';
import { writeCanary } from './write-canary.ts';

const jobs = 2;

export const postgresDrills: DrillEngine<PostgresComponent> = {
  check: checkServer,
  readCanary: (ctx, component, server) => readCanary(ctx, component, server, ofPostgres(server)),
  ask: (ctx, component, server, assertions) => askSql(ctx, component, server, ofPostgres(server), assertions),
  admit,
};

async function checkServer(ctx: EngineContext, component: PostgresComponent, server: DrillServer, known: readonly Difference[]): Promise<StartedServer> {
  const backup = ofPostgres(server);
  if (backup.method === 'dump') await removeAmcheck(ctx, component, server, backup);
  const { version, checks } = await checkSurroundings(ctx, component, server, backup);
  const content = backup.method === 'dump' ? await checkContent(ctx, component, backup, known) : await checkCluster(ctx, component, server, backup);
  const indexes = await checkIndexes(ctx, component, server, backup);
  if (backup.method === 'dump') await removeAmcheck(ctx, component, server, backup);
  const canary = await writeCanary(ctx, component, server, backup);
  const unchecked: readonly NotCompared[] = indexes === null ? [{ object: 'indexes', reason: 'the image lacks the extension amcheck' }] : indexes.notCompared;
  return {
    version, checks: [...content.checks, ...checks, ...indexes === null ? [] : [indexes.check], canary],
    comparedObjects: content.proof.comparedObjects, differences: content.proof.differences, notCompared: [...backup.notCompared, ...unchecked],
  };
}

interface CheckedContent {
  readonly proof: ComponentProof;
  readonly checks: readonly DrillCheck[];
}

interface ClusterFacts {
  readonly systemIdentifier: string;
  readonly databases: number;
  readonly relations: number;
}

/** A copy of a whole server has no counts to be compared with: it is the cluster that it says, and every file of it was compared before. */
async function checkCluster(ctx: EngineContext, component: PostgresComponent, { containerId }: DrillServer, backup: PostgresBase): Promise<CheckedContent> {
  const facts = await queryJson<ClusterFacts>(ctx, {
    containerId, component: asRoot(component, backup), database: component.database, operation: 'read what came up',
    sql: 'SELECT json_build_object(\'systemIdentifier\', (SELECT system_identifier::text FROM pg_catalog.pg_control_system()), \'databases\', (SELECT count(*) FROM pg_catalog.pg_database WHERE datallowconn), \'relations\', (SELECT count(*) FROM pg_catalog.pg_class));',
  });
  const isSame = facts.systemIdentifier === backup.server.systemIdentifier;
  const proof: ComponentProof = {
    component: component.name, verdict: isSame ? 'proven' : 'failed', comparedObjects: facts.relations, notCompared: backup.notCompared,
    differences: isSame ? [] : [{ object: 'system identifier', property: 'value', expected: backup.server.systemIdentifier, found: facts.systemIdentifier }],
    sentence: `Every file was equal to its sum; recovered and started, it is the same cluster, with ${counted(facts.databases, 'database')}.`,
  };
  return { proof, checks: checksOfProof(proof, null) };
}

/** Hashed while it was restored; counted again in the server that runs on it, which is what anybody would ask of it first. */
async function checkContent(ctx: EngineContext, component: PostgresComponent, backup: PostgresDump, known: readonly Difference[]): Promise<CheckedContent> {
  ctx.progress({ phase: 'count what the started server holds' });
  const found = await readServerContent(ctx, asRoot(component, backup), { contentHashes: false, jobs });
  const counts = compareRestored({ ...backup, content: countsOf(backup.content) }, found);
  const isKnown = ({ object, property }: Difference): boolean => known.some((each) => each.object === object && each.property === property);
  const differences = [...known, ...counts.filter((each) => !isKnown(each))];
  const { content } = backup;
  const proof: ComponentProof = {
    component: component.name, verdict: differences.length === 0 ? 'proven' : 'failed', differences, comparedObjects: comparedObjects(content), notCompared: backup.notCompared,
    sentence: `Restored, started and equal to the manifest: ${counted(content.tables.length, 'table')}, ${counted(content.sequences.length, 'sequence')}, ${content.largeObjects.count} large objects, ${Object.keys(content.objects).length} kinds of objects.`,
  };
  return { proof, checks: checksOfProof(proof, content) };
}

const countsOf = (content: PostgresContent): PostgresContent =>
  ({ ...content, tables: content.tables.map((table) => ({ ...table, hash: null })), largeObjects: { ...content.largeObjects, hash: null } });

/** The server's log is not to have the password, whatever it logs otherwise. */
const unlogged = 'SET log_statement = \'none\'; SET log_min_duration_statement = -1; SET log_min_error_statement = \'panic\';\n';

async function admit(ctx: EngineContext, component: PostgresComponent, server: DrillServer, password: string): Promise<Readonly<Record<string, string>>> {
  const { user } = component;
  await runPsql(ctx, {
    containerId: server.containerId, component: asRoot(component, ofPostgres(server)), database: null, operation: 'let the tests in', sql: `${unlogged}SET search_path = '';\nALTER ROLE :"user" WITH LOGIN PASSWORD :'password';\n`, variables: { user, password }, otherwise: 'RestoreFailed',
  });
  return postgresWays(component, password);
}

function ofPostgres({ backup }: { readonly backup: ComponentBackup }): PostgresBackup {
  if (backup.engine === 'postgres') return backup;
  throw new HoldfastFailure('Internal', { operation: 'check the drill', object: backup.component, cause: `something of ${backup.engine} was given to the PostgreSQL engine`, hint: 'This is a defect of Holdfast; please report it.' });
}
