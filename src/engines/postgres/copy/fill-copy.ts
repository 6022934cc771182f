/** A base backup recovered to a moment in the volume of a copy, and made a server of its own there: writable, on a timeline that nobody archives. */
import type { MountSpec } from '../../../containers/container-runtime.ts';
import { removeScratch } from '../../../containers/scratch.ts';
import { waitUntil } from '../../../containers/wait-until.ts';
import type { ComponentBackup, PostgresBase } from '../../../domain/backup-manifest.ts';
import { shellLine } from '../../../domain/container-set-up.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { counted } from '../../../domain/wording.ts';
import type { CopyEngine, CopyServer, CopySource, FilledCopy } from '../../copy-engine.ts';
import type { EngineContext } from '../../engine-context.ts';
import { requireSameOrder } from '../directory/recover-beside.ts';
import { recoveryRoomBytes } from '../recovery/recovery-room.ts';
import { promoteAndStop, queryRecovered, type RecoveryServer } from '../recovery/recovery-server.ts';
import { awaitTarget, imageOf, startRecovery, type Recovery } from '../recovery/start-recovery.ts';
import { coveredBy } from '../recovery/target.ts';
import { failedStep, runPostgresHelper } from '../server/postgres-helper.ts';
import { firstError } from '../server/psql-failure.ts';
import { psqlVariables } from '../server/psql-variables.ts';
import { copyScripts, scripts } from '../server/script-text.ts';
import { asArguments, likeOriginal, plainSettings, quietSettings } from './copy-settings.ts';

const directory = '/var/lib/holdfast-copy';
const port = 5432;
const logLimitBytes = 64 * 1024;

export const postgresCopies: CopyEngine<PostgresComponent> = { server: copyServer, fill: fillCopy, waitUntilReady };

async function copyServer(ctx: EngineContext, _component: PostgresComponent, backup: ComponentBackup): Promise<CopyServer> {
  const base = baseOf(backup);
  const imageId = await imageOf(ctx, { backup: base });
  const { shmSizeBytes, memoryBytes } = await setUpOf(ctx, base);
  return {
    imageId, directory, port, entrypoint: ['/bin/sh'], command: [`${directory}/run-server.sh`, directory, ...asArguments(quietSettings(base)), '-c', 'listen_addresses=*'],
    environment: { PGDATA: `${directory}/data` }, ...(shmSizeBytes > 0 ? { shmSizeBytes } : {}), ...(memoryBytes > 0 ? { memoryBytes } : {}),
  };
}

async function fillCopy(ctx: EngineContext, component: PostgresComponent, { backup, source, moment }: CopySource, volume: string): Promise<FilledCopy> {
  const base = baseOf(backup);
  if (moment === null) throw new HoldfastFailure('InvalidInput', { operation: 'make the copy', object: component.name, cause: 'no moment is named', hint: 'Name one: --to, --before.' });
  const { target, inclusive, timeline, files, archive } = moment;
  const place = { mount: { type: 'volume', source: volume, target: directory } satisfies MountSpec, directory };
  const recovery: Recovery = { backup: base, source, imageId: await imageOf(ctx, { backup: base }), place, request: { target, inclusive, timeline }, log: { files, mount: archive }, roomBytes: recoveryRoomBytes(base, files.length) };
  const server = await startRecovery(ctx, recovery);
  const reached = await awaitTarget(ctx, recovery, server);
  await requireSameOrder(ctx, component, server, base);
  let notes: readonly string[] = [];
  ctx.progress({ phase: 'promote the copy' });
  await promoteAndStop(ctx, server, reached.lsn, async () => {
    notes = [...await disableSubscriptions(ctx, server), ...await whoGetsIn(ctx, server, component, volume)];
  });
  await removeScratch(ctx.runtime, server.server);
  const refused = await finish(ctx, base, recovery);
  return {
    at: coveredBy({ backup: base, target }, reached), reached: { stop: reached.stop, lsn: reached.lsn, lastCommitAt: reached.lastCommitAt },
    notes: refused === null ? notes : [...notes, `No server starts with the original's configuration here (${refused}): the copy has the plain one, with its sizes`],
  };
}

async function ask(ctx: EngineContext, server: RecoveryServer, sql: string, database?: string): Promise<readonly string[]> {
  const { exitCode, stdout, stderr } = await queryRecovered(ctx, server, { sql, timeoutMs: ctx.timing.execMs, ...(database === undefined ? {} : { database }) });
  if (exitCode === 0) return stdout.split('\n').filter((line) => line !== '');
  throw new HoldfastFailure('RestoreFailed', { operation: 'make it a server of its own', object: server.server.name, cause: firstError(stderr), hint: 'Nothing live was changed.' });
}

/** Dropping one in the copy would go to the publisher, and drop the slot that the original needs. */
async function disableSubscriptions(ctx: EngineContext, server: RecoveryServer): Promise<readonly string[]> {
  const found: string[] = [];
  for (const database of await ask(ctx, server, 'SELECT datname FROM pg_database WHERE datallowconn AND oid IN (SELECT subdbid FROM pg_subscription) ORDER BY 1;')) {
    const own = 'FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY subname';
    found.push(...(await ask(ctx, server, `SELECT subname ${own};`, database)).map((name) => `${database}.${name}`));
    // As what replicates does it, so that no event trigger of the original's has a say.
    await ask(ctx, server, `SET session_replication_role = replica;\nSELECT format('ALTER SUBSCRIPTION %I DISABLE', subname) ${own} \\gexec\nSELECT format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', subname) ${own} \\gexec\n`, database);
  }
  return found.length === 0 ? [] : [`In the copy ${counted(found.length, 'subscription')} (${found.slice(0, 5).join(', ')}) ${found.length === 1 ? 'is' : 'are'} disabled and without a slot: dropping one there takes nothing from its publisher`];
}

/** Users and databases are those of the moment. */
async function whoGetsIn(ctx: EngineContext, server: RecoveryServer, { name, user, database }: PostgresComponent, container: string): Promise<readonly string[]> {
  const sql = `${psqlVariables({ user, database })}SELECT coalesce((SELECT CASE WHEN rolpassword IS NULL THEN 'open' ELSE 'closed' END FROM pg_authid WHERE rolname = :'user'), 'none'), EXISTS (SELECT FROM pg_database WHERE datname = :'database');`;
  const [password, hasDatabase] = (await ask(ctx, server, sql))[0]?.split('|') ?? [];
  return [
    ...(hasDatabase === 't' ? [] : [`${name} had no database ${database} at that moment`]),
    ...(password === 'none' ? [`${name} had no user ${user} at that moment`] : []),
    ...(password === 'open' ? [`${user} had no password at that moment, and without one nobody comes over the network: ${shellLine(['docker', 'exec', '-it', container, 'psql', '-U', user, database])}`] : []),
  ];
}

/** Why no server starts with the original's configuration, or null where one does. @throws RestoreFailed, HelperLost */
async function finish(ctx: EngineContext, backup: PostgresBase, { place, imageId }: Recovery): Promise<string | null> {
  const { command } = await setUpOf(ctx, backup);
  const result = await runPostgresHelper(ctx, {
    component: { name: backup.component, user: 'postgres' }, step: 'copy-finish', imageId: imageId as string, network: 'none', majorVersion: 0, script: scripts.finishCopy, args: [directory, ...asArguments(quietSettings(backup))],
    files: { 'like-original.conf': likeOriginal(backup, command), 'plain.conf': plainSettings(backup), 'run-server.sh': copyScripts.runServer },
    mounts: [(place as NonNullable<Recovery['place']>).mount], phase: 'make it a server of its own',
  });
  if (result.exitCode === 0) return result.files.has('refused') ? firstError(result.files.get('refused') ?? '') : null;
  throw new HoldfastFailure('RestoreFailed', { operation: 'make it a server of its own', object: backup.component, cause: firstError(failedStep(result).messages), hint: 'Nothing live was changed, and what was made is removed.' });
}

/** As its own tool says, by its own socket: that asks for no user and no database, which may be others at that moment. */
async function waitUntilReady(ctx: EngineContext, component: PostgresComponent, containerId: string): Promise<void> {
  await waitUntil(async () => {
    ctx.progress({ phase: 'wait for the copy' });
    const { state, exitCode, name } = await ctx.runtime.inspect(containerId);
    if (state !== 'running') throw new HoldfastFailure('ContainerNotRunning', { operation: 'wait for the copy', object: name, cause: `it ended with exit code ${exitCode ?? 'unknown'}: ${firstError(await ctx.runtime.logs(containerId, logLimitBytes))}`, hint: 'What was made is removed; nothing live was changed.' });
    try {
      const answer = await ctx.runtime.exec(containerId, { argv: ['pg_isready', '-q', '-h', '/var/run/postgresql', '-p', String(port)], timeoutMs: ctx.timing.execMs, signal: ctx.signal });
      return answer.exitCode === 0 ? true : null;
    } catch (error) {
      // One that ends this moment: the next inspection says so.
      if (isFailure(error) && (error.retryable || error.type === 'ContainerNotRunning')) return null;
      throw error;
    }
  }, { withinMs: ctx.timing.startUpMs, everyMs: ctx.timing.pollMs, signal: ctx.signal }, () => new HoldfastFailure('DatabaseUnreachable', { operation: 'wait for the copy', object: component.name, cause: 'it does not answer', hint: 'See its log.' }));
}

/** As the backup recorded it; of an older one as the container is now. */
async function setUpOf(ctx: EngineContext, { server }: PostgresBase): Promise<{ readonly command: readonly string[]; readonly shmSizeBytes: number; readonly memoryBytes: number }> {
  return server.setUp ?? await ctx.runtime.find(server.container) ?? { command: [], shmSizeBytes: 0, memoryBytes: 0 };
}

function baseOf(backup: ComponentBackup): PostgresBase {
  if (backup.engine === 'postgres' && backup.method === 'base') return backup;
  throw new HoldfastFailure('InvalidInput', { operation: 'make the copy', object: backup.component, cause: 'the backup is no base backup', hint: 'Name a moment that a base backup leads to: holdfast list.' });
}
