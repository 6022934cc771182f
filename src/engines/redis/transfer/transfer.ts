/** One RDB of a live server, taken by replication (or BGSAVE) in a helper, handed to the caller as a file in the destination or in the helper. */
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HelperResult } from '../../../containers/helper-container.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { EngineContext } from '../../engine-context.ts';
import { exitCodes, helperScripts } from '../helper/helper-scripts.ts';
import { unlessNotThere } from '../helper/rdb-place.ts';
import { cliArguments, commandFailure, passwordOf, redisProblem } from '../server/redis-cli.ts';
import { lastWords, resultFile, runRedisHelper, saysDiskFull } from '../helper/redis-helper.ts';
import { saveInBackground } from './save-in-background.ts';
import { infoNumber, parseInfo, parseTime, type RedisServer } from '../server/server-facts.ts';

export const rdbFileName = 'dump.rdb';
const tokenFile = '.holdfast-token';
/** Where helpers write: a bound host directory, or a directory of their own volume. */
const boundDirectory = '/destination';
const ownDirectory = '/holdfast/data';

export interface TransferredRdb {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Server time in milliseconds before the transfer began. */
  readonly askedAtMs: number;
  /** A snapshot that had begun before may have been handed out. */
  readonly mayBeOlder: boolean;
}

/**
 * Into a host directory that is bound into the helper.
 * @returns null where the engine does not see that directory, or sees another one
 * @throws RdbTransferFailed, DiskFull, RepositoryUnreachable, AuthenticationFailed, PermissionDenied, DatabaseUnreachable
 */
export async function transferToHost(ctx: EngineContext, server: RedisServer, hostDirectory: string): Promise<TransferredRdb | null> {
  const token = randomBytes(16).toString('hex');
  await writeToken(join(hostDirectory, tokenFile), token);
  const mounts = [{ type: 'bind', source: hostDirectory, target: boundDirectory }] as const;
  const transferred = await unlessNotThere(transfer(ctx, server, { directory: boundDirectory, token, mounts }))
    .finally(() => rm(join(hostDirectory, tokenFile), { force: true }));
  return transferred === null || transferred.result.exitCode === exitCodes.notShared ? null : transferred.rdb;
}

/** Into the helper's own volume; `take` gets the stopped helper's id and the file's path in it, before the helper is removed. */
export async function transferThrough(ctx: EngineContext, server: RedisServer, take: (containerId: string, path: string, rdb: TransferredRdb) => Promise<void>): Promise<TransferredRdb> {
  const { rdb } = await transfer(ctx, server, { directory: ownDirectory, token: '', mounts: [], take });
  return rdb;
}

interface TransferPlace {
  readonly directory: string;
  readonly token: string;
  readonly mounts: readonly { readonly type: 'bind'; readonly source: string; readonly target: string }[];
  readonly take?: (containerId: string, path: string, rdb: TransferredRdb) => Promise<void>;
}

interface Transferred {
  readonly result: HelperResult;
  readonly rdb: TransferredRdb;
}

async function transfer(ctx: EngineContext, server: RedisServer, place: TransferPlace): Promise<Transferred> {
  const { component } = server.connection;
  const result = await runRedisHelper(ctx, {
    component: component.name,
    step: 'rdb',
    phase: 'receiving the RDB file',
    imageId: server.container.imageId,
    network: `container:${server.container.id}`,
    script: helperScripts.fetch,
    args: [place.directory, rdbFileName, place.token, ...cliArguments(component)],
    stdin: await passwordOf(ctx, component),
    mounts: place.mounts,
    ...takeAfter(place, (ended) => transferredRdb(ended)),
  });
  if (result.exitCode === exitCodes.notShared) return { result, rdb: nothing };
  if (result.exitCode === 0) return { result, rdb: transferredRdb(result) };
  const failure = transferFailure(server, result);
  if (failure.type !== 'PermissionDenied') throw failure;
  return transferSaved(ctx, server, place, failure);
}

/** BGSAVE under R3's rules, for users that may not replicate: the file is copied from the volume. */
async function transferSaved(ctx: EngineContext, server: RedisServer, place: TransferPlace, notPermitted: HoldfastFailure): Promise<Transferred> {
  const { mount } = server;
  if (mount === null) throw notPermitted;
  const { askedAtMs } = await saveInBackground(ctx, server);
  const rdbOf = (ended: HelperResult): TransferredRdb => ({ ...fileResult(ended), askedAtMs, mayBeOlder: false });
  const directory = mount.subdirectory === '' ? '/live' : `/live/${mount.subdirectory}`;
  const result = await runRedisHelper(ctx, {
    component: server.connection.component.name,
    step: 'rdb',
    phase: 'copying the saved RDB file',
    imageId: server.container.imageId,
    network: 'none',
    script: helperScripts.copySaved,
    args: [directory, server.settings.get('dbfilename') ?? rdbFileName, place.directory, rdbFileName, place.token],
    mounts: [...place.mounts, { type: mount.type, source: mount.source, target: '/live', readOnly: true }],
    ...takeAfter(place, rdbOf),
  });
  if (result.exitCode === exitCodes.notShared) return { result, rdb: nothing };
  if (result.exitCode !== 0) throw saysDiskFull(result.messages) ? repositoryFull(server.container.name, lastWords(result)) : failed(server, lastWords(result));
  return { result, rdb: rdbOf(result) };
}

const nothing: TransferredRdb = { sizeBytes: 0, sha256: '', askedAtMs: 0, mayBeOlder: false };

function takeAfter(place: TransferPlace, rdbOf: (result: HelperResult) => TransferredRdb): { afterEnd?: (containerId: string, result: HelperResult) => Promise<void> } {
  const { take } = place;
  return take === undefined ? {} : { afterEnd: (containerId, result) => take(containerId, `${place.directory}/${rdbFileName}`, rdbOf(result)) };
}

function transferredRdb(result: HelperResult): TransferredRdb {
  const persistence = parseInfo(resultFile(result, 'persistence'));
  return { ...fileResult(result), askedAtMs: parseTime(resultFile(result, 'time')), mayBeOlder: infoNumber(persistence, 'rdb_bgsave_in_progress') !== 0 };
}

function fileResult(result: HelperResult): { sizeBytes: number; sha256: string } {
  const [size, sha256] = resultFile(result, 'file').trim().split(' ');
  return { sizeBytes: Number(size), sha256: sha256 ?? '' };
}

/** Redis's words decide: redis-cli says AUTH failed and goes on, or ends with 0 after an error (databases.md D9). */
function transferFailure(server: RedisServer, result: HelperResult): HoldfastFailure {
  const words = [result.files.get('problem'), result.files.get('transfer')].filter((text) => text !== undefined).join('\n');
  if (saysDiskFull(`${words}\n${result.messages}`)) return repositoryFull(server.container.name, words.trim().split('\n').at(-1)?.slice(0, 200) || lastWords(result));
  // `--rdb` words a refusal its own way: "SYNC with master failed: -NOPERM …".
  const lines = words.replaceAll(/^.*(?:failed|error): -?(?=[A-Z]+ )/gim, '');
  const problem = redisProblem({ exitCode: 1, stderr: lines, stdout: '' });
  if (problem !== null && problem.type !== 'DatabaseUnreachable') return commandFailure(server.connection.component, ['SYNC'], problem);
  return failed(server, lines.trim().split('\n').at(-1)?.slice(0, 200) || lastWords(result));
}

const failed = (server: RedisServer, cause: string): HoldfastFailure =>
  new HoldfastFailure('RdbTransferFailed', { operation: 'receive the RDB file', object: server.container.name, cause, hint: 'The step is tried again; see the log of the container if it happens each time.' });

/** Says that worker and helper see the same directory; a path that exists on both hosts is not yet the same place. @throws DiskFull, RepositoryUnreachable */
async function writeToken(path: string, token: string): Promise<void> {
  try {
    await writeFile(path, token, { mode: 0o600 });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'an error';
    if (code === 'ENOSPC' || code === 'EDQUOT') throw repositoryFull(path, code);
    throw new HoldfastFailure('RepositoryUnreachable', { operation: 'write into the repository', object: path, cause: `the file system answers ${code}`, hint: 'Check that the repository\'s disk or share is mounted and may be written.' }, { cause: error });
  }
}

const repositoryFull = (object: string, cause: string): HoldfastFailure =>
  new HoldfastFailure('DiskFull', { operation: 'write the RDB file', object, cause, hint: 'Free space in the repository and on the file system of the Docker engine; nothing unfinished is kept.' });
