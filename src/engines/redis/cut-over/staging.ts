/** What restore and undo have in common: where staged and aside files lie, and the cut-over that names them. Pure but for the note. */
import { run16 } from '../../../containers/labels.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { RedisCutOver } from '../../../domain/rollback.ts';
import type { RunOwner } from '../../../domain/run-owner.ts';
import type { EngineContext } from '../../engine-context.ts';
import { liveDirectory } from '../helper/redis-helper.ts';
import type { RedisServer } from '../server/server-facts.ts';

/** `.holdfast/<run16>`: everything of one run and component, below the data directory, invisible to Redis. */
export const runDirectory = (owner: RunOwner, component: string): string => `.holdfast/${run16(owner, component)}`;

/** Says, before anything is made, that this run makes something there: a repair then knows where to look. */
export const stagedNoteKey = (component: string): string => `redis-staged-${component}`;

export interface StagedNote {
  readonly volume: string;
  readonly imageId: string;
  readonly subdirectory: string;
}

const ownPath = /^\.holdfast\/[0-9a-f]{16}\/(new|old)$/;

/** @throws AmbiguousState for a path that Holdfast never made: it could be anywhere */
export function checkOwnPath(path: string, object: string): string {
  if (ownPath.test(path)) return path;
  throw new HoldfastFailure('AmbiguousState', { operation: 'use the files of a cut-over', object, cause: `${JSON.stringify(path.slice(0, 80))} is not a directory that Holdfast makes`, hint: 'The record was changed; nothing was touched.' });
}

/** Top-level names that take part in the exchange, and whether the staged set has them. The live AOF directory goes aside even where none comes in. */
export function exchangedEntries(cutOver: RedisCutOver): readonly { readonly name: string; readonly staged: boolean }[] {
  const staged = new Set(cutOver.stagedFiles.map((file) => file.path.split('/')[0] as string));
  const names = new Set([cutOver.dbFilename, cutOver.appendDirname, ...staged]);
  return [...names].map((name) => ({ name, staged: staged.has(name) }));
}

export type StagedSet = Pick<RedisCutOver, 'stagedDirectory' | 'asideDirectory' | 'stagedFiles' | 'stagedKeys' | 'unusable' | 'unread'>;

/** The cut-over of a live server to a staged set. @throws UnsupportedTopology without a mount */
export function cutOverOf(server: RedisServer, staged: StagedSet): RedisCutOver {
  const { component } = server.connection;
  return {
    engine: 'redis',
    component: component.name,
    container: component.container,
    containerId: server.container.id,
    volume: mountOfServer(server).source,
    imageId: server.container.imageId,
    directory: server.directory,
    subdirectory: mountOfServer(server).subdirectory,
    dbFilename: server.settings.get('dbfilename') ?? '',
    appendOnly: server.settings.get('appendonly') === 'yes',
    appendDirname: server.settings.get('appenddirname') ?? '',
    appendFilename: server.settings.get('appendfilename') ?? '',
    ...staged,
  };
}

export function mountOfServer(server: RedisServer): NonNullable<RedisServer['mount']> {
  if (server.mount !== null) return server.mount;
  throw new HoldfastFailure('UnsupportedTopology', { operation: 'exchange the data', object: server.container.name, cause: 'its data directory is on no volume', hint: 'Give the container a volume for its data directory.' });
}

/** The mount that a recorded cut-over means: host paths are absolute, volume names never are. */
export const mountOfCutOver = (cutOver: Pick<RedisCutOver, 'volume' | 'subdirectory'>): { type: 'volume' | 'bind'; source: string; directory: string } =>
  ({ type: cutOver.volume.startsWith('/') ? 'bind' : 'volume', source: cutOver.volume, directory: liveDirectory(cutOver.subdirectory) });

/** @param unusable why no server answers on what is live, if none does */
export const unusableMark = (unusable: string | undefined): Pick<RedisCutOver, 'unusable'> => (unusable === undefined ? {} : { unusable: true });

/** The same for the plan. */
export const unusableNotes = ({ container }: Pick<RedisCutOver, 'container'>, unusable: string | undefined): readonly string[] =>
  unusable === undefined ? [] : [`No Redis answers in ${container} (${unusable}): its files are put aside as they are, unread. An undo brings them back so; whether a Redis starts on them then is not known.`];

/** The three destructive steps of a plan, a sentence each. */
export const stepSentences = (cutOver: RedisCutOver, what: string): { close: string; swap: string; open: string } => ({
  close: cutOver.unusable === true ? `stop ${cutOver.container} as it is; its files are the rollback copy, unread` : `stop ${cutOver.container} after a successful SHUTDOWN SAVE; the files it leaves are the rollback copy`,
  swap: `move its files aside to ${cutOver.asideDirectory} on ${cutOver.volume} and ${what} in, by rename`,
  open: `start ${cutOver.container}`,
});

export const noteStaged = (ctx: EngineContext, server: RedisServer): Promise<unknown> =>
  ctx.recordOnce(stagedNoteKey(server.connection.component.name), { volume: mountOfServer(server).source, imageId: server.container.imageId, subdirectory: mountOfServer(server).subdirectory } satisfies StagedNote);
