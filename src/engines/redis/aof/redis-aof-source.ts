/** The AOF of Redis and Valkey behind its contract. Keeps nothing of its own: whatever is known is in the engine, the volume and the server. */
import type { AofSource } from '../../aof-source.ts';
import { listFollowed, readFollowed, releaseFollowed } from './followed-files.ts';
import { ensureFollower, stopFollower } from './follower.ts';
import { lookAtServer } from './look-at-server.ts';

export const createRedisAofSource = (): AofSource => ({
  ensure: ensureFollower, look: lookAtServer, followed: listFollowed, read: readFollowed, release: releaseFollowed, stop: stopFollower,
});
