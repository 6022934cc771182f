/** Closing: Redis stopped after a successful SHUTDOWN SAVE, whose files are the rollback copy and are checked before anything moves. One that no server answers in is stopped as it is. */
import { waitUntil } from '../../../containers/wait-until.ts';
import type { ContainerFacts } from '../../../containers/container-runtime.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { RedisCutOver } from '../../../domain/rollback.ts';
import type { RedisComponent } from '../../../domain/service.ts';
import { slowestDiskMs } from '../../../domain/slowest-disk-ms.ts';
import type { EngineContext } from '../../engine-context.ts';
import { helperScripts } from '../helper/helper-scripts.ts';
import { parseCheck } from '../helper/load-rdb.ts';
import { commandFailure, execRedisCommand, type RedisConnection, redisProblem, runRedisCommand } from '../server/redis-cli.ts';
import { memoryLimitBytes, requireSuccess, resultFile, runRedisHelper } from '../helper/redis-helper.ts';
import { infoNumber, parseInfo, serverTimeMs } from '../server/server-facts.ts';
import { mountOfCutOver } from './staging.ts';
import { cutOverContainer } from './cut-over-container.ts';

interface ShutdownNote {
  /** Server time at which a SHUTDOWN SAVE of this run was first sent: the file it leaves cannot be older. */
  readonly askedAtMs: number;
  /** What the data took in memory then, bytes: checking the files may take as much. */
  readonly usedMemoryBytes: number;
}

const shutdownNoteKey = (component: string): string => `redis-shutdown-${component}`;

/** @throws CutOverFailed, PermissionDenied, AuthenticationFailed, ContainerRecreated */
export async function closeRedis(ctx: EngineContext, component: RedisComponent, cutOver: RedisCutOver): Promise<void> {
  const container = await cutOverContainer(ctx, cutOver);
  requireNoRestart(container);
  // One that is being started again and again stops for good only when it is told to.
  if (cutOver.unusable === true) return ctx.runtime.stop(container.id, ctx.timing.stopMs);
  const connection: RedisConnection = { component, containerId: container.id };
  const note = container.state === 'running' ? await shutDown(ctx, connection) : await ctx.readNote(shutdownNoteKey(component.name)) as ShutdownNote | undefined;
  await checkRollbackCopy(ctx, cutOver, note);
}

/** Of a server that somebody else stopped nobody knows: what comes in is a guess at what was there, and a wide one. */
const unknownMemoryBytes = (cutOver: RedisCutOver): number => Math.max(2 * 1024 ** 3, cutOver.stagedFiles.reduce((sum, file) => sum + file.sizeBytes, 0) * 4);

/** A policy that restarts would start Redis in mid exchange (databases.md D16). */
function requireNoRestart(container: ContainerFacts): void {
  if (container.restartPolicy.name === 'no' || container.restartPolicy.name === '') return;
  throw failed(container.name, `its restart policy is ${container.restartPolicy.name}: it would be started again in the middle of the exchange`, 'The run sets it aside first; something put it back.');
}

async function shutDown(ctx: EngineContext, connection: RedisConnection): Promise<ShutdownNote> {
  const { name, container } = connection.component;
  const info = parseInfo(await runRedisCommand(ctx, connection, ['INFO', 'memory', 'persistence']));
  // While it loads it leaves without saving, whatever it is told.
  if (info.get('loading') === '1') throw new HoldfastFailure('DatabaseUnreachable', { operation: 'stop Redis', object: container, cause: 'it is still loading its data', hint: 'The step is tried again.' });
  const note = await ctx.recordOnce(shutdownNoteKey(name), { askedAtMs: await serverTimeMs(ctx, connection), usedMemoryBytes: infoNumber(info, 'used_memory') } satisfies ShutdownNote) as ShutdownNote;
  const withinMs = ctx.timing.stopMs + slowestDiskMs(infoNumber(info, 'used_memory'));
  ctx.progress({ phase: 'stopping Redis after a last save' });
  await sendShutdown(ctx, connection, withinMs);
  const ended = await waitUntil(async () => {
    const facts = await ctx.runtime.inspect(connection.containerId);
    return facts.state === 'running' ? null : facts;
  }, { withinMs, everyMs: ctx.timing.pollMs, signal: ctx.signal }, () => failed(container, 'Redis did not stop after SHUTDOWN SAVE', 'See its log; it was left running and nothing was exchanged.'));
  if (ended.exitCode === 0) return note;
  throw failed(container, `Redis ended with exit code ${ended.exitCode ?? 'unknown'} instead of stopping cleanly`, 'See its log; nothing was exchanged.');
}

/** The command dies with the container it runs in, so only a refusal is believed; whether it worked is asked of the container. */
async function sendShutdown(ctx: EngineContext, connection: RedisConnection, timeoutMs: number): Promise<void> {
  try {
    const result = await execRedisCommand(ctx, connection, ['SHUTDOWN', 'SAVE'], { timeoutMs });
    const problem = redisProblem(result);
    const refused = problem !== null && (problem.type === 'AuthenticationFailed' || problem.type === 'PermissionDenied');
    // Nor has it taken the command while a script keeps it busy, or where it has no connection left: the next attempt asks again.
    if (refused || (problem !== null && /^(BUSY|LOADING)\b|\bERR max number of clients\b/.test(problem.words))) throw commandFailure(connection.component, ['SHUTDOWN'], problem);
    if (/^(\(error\) )?ERR /m.test(`${result.stderr}\n${result.stdout}`)) throw failed(connection.component.container, 'Redis could not save its data before stopping, and went on', 'Its log says why (often a full disk); nothing was exchanged.');
  } catch (error) {
    if (isFailure(error, 'BrokenStream') || isFailure(error, 'ContainerNotRunning') || isFailure(error, 'ContainerNotFound')) return;
    throw error;
  }
}

/** What lies there becomes the way back: it is read before it is moved. @throws CutOverFailed */
async function checkRollbackCopy(ctx: EngineContext, cutOver: RedisCutOver, note: ShutdownNote | undefined): Promise<void> {
  const mount = mountOfCutOver(cutOver);
  const manifest = cutOver.appendOnly ? `${cutOver.appendDirname}/${cutOver.appendFilename}.manifest` : '';
  const result = await runRedisHelper(ctx, {
    component: cutOver.component,
    step: 'close',
    phase: 'checking the files that Redis left',
    imageId: cutOver.imageId,
    network: 'none',
    script: helperScripts.checkClosed,
    // A server that stopped by our command wrote its AOF to the end; of any other end nobody knows.
    args: [mount.directory, cutOver.dbFilename, manifest, note === undefined ? 'yes' : 'no', cutOver.asideDirectory],
    // redis-check-aof opens for writing what it only reads, and refuses a read-only place.
    mounts: [{ type: mount.type, source: mount.source, target: '/live', readOnly: note !== undefined }],
    memoryBytes: memoryLimitBytes(note?.usedMemoryBytes ?? unknownMemoryBytes(cutOver)),
  });
  // An earlier attempt has already begun to exchange: then the old files were checked before, and lie aside.
  if (result.files.has('exchanging')) return;
  requireSuccess(result, 'check the files that Redis left', cutOver.container);
  if (note === undefined) return;
  const createdAtSeconds = resultFile(result, 'rdb').trim() === 'present' ? parseCheck(resultFile(result, 'check')).createdAtSeconds : null;
  if (createdAtSeconds === null || createdAtSeconds < Math.floor(note.askedAtMs / 1000)) {
    throw failed(cutOver.container, 'the RDB that SHUTDOWN SAVE should have left is missing or older than the command', 'See the log of the container; nothing was exchanged.');
  }
}

const failed = (object: string, cause: string, hint: string): HoldfastFailure => new HoldfastFailure('CutOverFailed', { operation: 'stop Redis', object, cause, hint });
