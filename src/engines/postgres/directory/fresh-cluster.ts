/** A new cluster in a directory of a volume, with a server on it that nobody else can reach: what a dump is restored into where no server can be used, and where one of its own is made. */
import type { MountSpec } from '../../../containers/container-runtime.ts';
import { createScratchServer } from '../../../containers/scratch-server.ts';
import { removeScratch } from '../../../containers/scratch.ts';
import { waitUntil } from '../../../containers/wait-until.ts';
import type { PostgresDump, RoleFacts } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { ControlData } from '../../../domain/rollback.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import { settingsText } from '../base/base-input.ts';
import { recoveryStep, serverArguments, type RecoveryServer } from '../recovery/recovery-server.ts';
import { failedStep, resultOf, runPostgresHelper, spaceFailure } from '../server/postgres-helper.ts';
import { librariesIn, preloadSettings } from '../server/preload-settings.ts';
import { librariesFailure, librariesFile } from '../server/required-libraries.ts';
import { diskFullIn, failureFrom, firstError, ownWords } from '../server/psql-failure.ts';
import { clusterFiles, scripts } from '../server/script-text.ts';
import { outOfMemory, requireRunning, serverLog, whyEnded } from '../server/server-end.ts';
import { formatsInCommand } from '../server/time-formats.ts';
import { startOrNull } from '../wait-until-ready.ts';
import { controlData } from './control-data.ts';
import type { DataPlace } from './data-place.ts';
import { initdbWishes } from './initdb-wishes.ts';

const operation = 'make a new server';
/** What a shell says of a program that is none of this machine's. */
const cannotBeRun = /Exec format error|cannot execute|: not found$/m;
const unfitHint = 'Nothing live was changed. Its image has to know the encoding and collation of the backup; see docs/restore-without-holdfast.md for doing it by hand.';

/** What is made can be made again until it is synced at its end; and it acts like nobody (databases.md P14). */
const settings = {
  listen_addresses: '127.0.0.1', fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', wal_level: 'minimal', max_wal_senders: '0', archive_mode: 'off', autovacuum: 'off', max_wal_size: '1GB',
  max_logical_replication_workers: '0', shared_buffers: '256MB', maintenance_work_mem: '256MB', max_connections: '50', max_locks_per_transaction: '1024', logging_collector: 'off', log_destination: 'stderr', lc_messages: 'C', ssl: 'off',
} as const;

/** Who initdb makes: the configured user, who does the restoring, unless the backup knows him as one who may not do everything. Pure. */
export function superuserFor({ user }: Pick<PostgresComponent, 'user'>, roles: readonly Pick<RoleFacts, 'name' | 'superuser'>[]): string {
  const superusers = roles.filter(({ superuser }) => superuser).map(({ name }) => name);
  if (superusers.includes(user) || !roles.some(({ name }) => name === user)) return user;
  return superusers.includes('postgres') ? 'postgres' : superusers[0] ?? 'postgres';
}

export interface ClusterPlace {
  readonly imageId: string;
  readonly mount: MountSpec;
  /** Where it is laid out; the cluster itself is `data` below it. */
  readonly directory: string;
  /** A data directory of whatever state: where its pages have checksums, the new one's do. */
  readonly like: string;
  /** What the image would hand to initdb. */
  readonly initdb: string;
  /** Its limit, where nothing is restored for good; none unless given. */
  readonly memoryBytes?: number;
}

/**
 * The cluster made and its server started, answering. Found again, and removed with its directory, as a recovery is (remove.ts). Run again, it begins anew.
 * @throws LocaleMissing, ExtensionMissing, HelperFailed where the image cannot make or start one of that shape, DatabaseUnreachable where it does not answer in time, NotEnoughSpace, DiskFull, HelperLost
 */
export async function startCluster(ctx: EngineContext, component: PostgresComponent, place: ClusterPlace, backup: PostgresDump, leastBytes: number): Promise<RecoveryServer> {
  const superuser = superuserFor(component, backup.roles);
  const { directory } = place;
  // A predecessor's server must not stand on what is laid out anew: creating its successor removes it.
  const server = await createScratchServer(ctx.runtime, {
    identity: { owner: ctx.owner, service: ctx.service, component: component.name, step: recoveryStep }, imageId: place.imageId, signal: ctx.signal,
    entrypoint: ['/bin/sh'], command: serverArguments(directory, 'none', superuser), mounts: [place.mount], shmSizeBytes: 512 * 1024 ** 2, ...place.memoryBytes === undefined ? {} : { memoryBytes: place.memoryBytes },
  });
  await create(ctx, component, place, backup, { superuser, leastBytes });
  ctx.progress({ phase: 'start a new server' });
  await ctx.runtime.start(server.id);
  await waitUntil(async () => {
    await requireRunning(ctx, operation, server, (log, facts) => (facts.oomKilled ? outOfMemory(operation, facts) : unfit(component, log)));
    return startOrNull(ctx, asSuperuser(component, server.name, superuser), server.id);
  }, { withinMs: ctx.timing.startUpMs, everyMs: ctx.timing.pollMs, signal: ctx.signal }, () => new HoldfastFailure('DatabaseUnreachable', { operation, object: component.container, cause: 'a new, empty server does not answer here', hint: 'The step is tried again; give the host less to do. This says nothing about the backup.' }));
  return { server, superuser, directory };
}

/** The component as its new server knows it: without a password, which it does not ask for yet. */
export const asSuperuser = ({ name, database }: PostgresComponent, container: string, user: string): PostgresComponent => ({ engine: 'postgres', name, container, database, user });

interface Layout {
  readonly superuser: string;
  readonly leastBytes: number;
}

async function create(ctx: EngineContext, component: PostgresComponent, place: ClusterPlace, backup: PostgresDump, { superuser, leastBytes }: Layout): Promise<void> {
  const { authLocal, authHost, flags } = initdbWishes(place.initdb);
  const preloaded = preloadSettings(backup, component.database);
  const { encoding, localeProvider, collate, ctype, locale, icuRules } = backup.properties;
  const result = await runPostgresHelper(ctx, {
    component: { name: component.name, user: superuser }, step: 'cluster-create', imageId: place.imageId, network: 'none', majorVersion: 0, script: scripts.createCluster,
    args: [place.directory, place.like, String(leastBytes), superuser, encoding, localeProvider, collate, ctype, locale ?? '', icuRules ?? '', authLocal, authHost, ...flags],
    files: { ...clusterFiles, 'dump.formats': Object.entries(backup.timeFormats ?? {}).map(([name, value]) => `${name}=${value}\n`).join(''), 'scratch.conf': settingsText({ ...settings, ...formatsInCommand(backup.server), ...preloaded }), ...librariesFile(librariesIn(preloaded)) }, mounts: [place.mount], phase: 'make a new server',
  });
  if (result.exitCode === 0) return;
  const { step, messages } = failedStep(result);
  const lacking = librariesFailure(result, { operation, object: component.container }, place.imageId);
  if (lacking !== null) throw lacking;
  if (step === 'space') throw spaceFailure(result, { operation, object: component.container });
  if (cannotBeRun.test(ownWords(messages))) throw new HoldfastFailure('HelperFailed', { operation, object: component.container, cause: firstError(messages), hint: 'The programs of the image cannot be run here: it is broken, or of another architecture. This says nothing about the backup.' });
  throw unfit(component, messages);
}

export interface FinishedCluster {
  readonly control: ControlData;
  readonly configuration: 'live' | 'initial';
  /** Why no server starts with the live configuration; null where one does, or there is none. */
  readonly refused: string | null;
}

/** Shut down, and given a configuration with which it has started once. The container goes, the files stay. @throws RestoreFailed, HelperLost */
export async function finishCluster(ctx: EngineContext, component: PostgresComponent, place: DataPlace, cluster: RecoveryServer): Promise<FinishedCluster> {
  const { server, directory } = cluster;
  await stopCluster(ctx, component, cluster);
  const result = await runPostgresHelper(ctx, {
    component, step: 'cluster-finish', imageId: place.imageId, network: 'none', majorVersion: 0, script: scripts.finishCluster, args: [directory, place.directory], mounts: [place.mount], phase: 'finish the new server',
  });
  const control = result.exitCode === 0 ? controlData(resultOf(result, 'control')) : null;
  if (control === null) throw failed(component, result.exitCode === 0 ? 'pg_controldata was not understood' : failedStep(result).messages);
  await removeScratch(ctx.runtime, server);
  return { control, configuration: resultOf(result, 'configuration').trim() === 'live' ? 'live' : 'initial', refused: result.files.has('refused') ? firstError(result.files.get('refused') ?? '') : null };
}

/** The container stays, for the caller to remove. @throws RestoreFailed */
export async function stopCluster(ctx: EngineContext, component: PostgresComponent, { server }: RecoveryServer): Promise<void> {
  await ctx.runtime.stop(server.id, ctx.timing.stopMs);
  const facts = await ctx.runtime.inspect(server.id);
  if (facts.exitCode === 0) return;
  throw whyEnded(operation, facts, await serverLog(ctx, operation, server), () => failed(component, `it ended with exit code ${facts.exitCode ?? 'unknown'} instead of stopping cleanly`));
}

/** Of a server that nothing was restored into: whatever it says, it says nothing of the backup. */
function unfit({ container }: PostgresComponent, messages: string): HoldfastFailure {
  const otherwise = { type: 'HelperFailed', hint: `This says nothing about the backup. ${unfitHint}` } as const;
  const failure = failureFrom(messages, { operation, object: container }, otherwise);
  return failure.type === 'DiskFull' || failure.type === 'LocaleMissing' ? failure : new HoldfastFailure(otherwise.type, { ...failure.fields, hint: otherwise.hint });
}

/** @param messages a server's log, or what a tool said: of a disk that ran full meanwhile, which says nothing about what is restored, as well */
function failed({ container }: PostgresComponent, messages: string): HoldfastFailure {
  const full = diskFullIn(messages);
  if (full !== null) return new HoldfastFailure('DiskFull', { operation, object: container, cause: full, hint: 'Make room on the file system of the Docker engine\'s volumes, then start again. Nothing live was changed.' });
  return new HoldfastFailure('RestoreFailed', { operation, object: container, cause: firstError(messages), hint: unfitHint });
}
