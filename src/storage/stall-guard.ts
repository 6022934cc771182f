/**
 * A storage that stands still in the middle of a long transfer (a share whose server is gone) ends it, instead of keeping an activity that beats its heart alive for a
 * day. Slow is no failure: each byte that comes through begins the time anew. Short calls are ended by their activities' own time.
 */
import { Readable } from 'node:stream';
import { HoldfastFailure } from '../domain/failures.ts';
import { durationText } from '../domain/wording.ts';
import type { BackupStorage } from './storage.ts';

/** A disk that is woken, a tape that is wound, a share that fails over: all of that is quicker. */
const standstillMs = 600_000;

/** The same storage; its transfers end with `RepositoryUnreachable` once nothing has moved for that long. */
export function withStallGuard(storage: BackupStorage, stallMs = standstillMs): BackupStorage {
  const failureOf = (operation: string, path: string) => (): HoldfastFailure => new HoldfastFailure('RepositoryUnreachable', {
    operation, object: `${storage.location}/${path}`, cause: `nothing has moved for ${durationText(stallMs)}`, hint: 'See whether its disk or share answers; the step is tried again.',
  });
  return {
    ...storage,
    openRead: async (path) => relay(await storage.openRead(path), 'source', createWatch(stallMs, failureOf('read an object', path))),
    digest: async (path, signal, onBytes) => {
      const watch = createWatch(stallMs, failureOf('read an object', path));
      watch.begin();
      return watch.orStalled(storage.digest(path, watch.with(signal), (doneBytes) => {
        watch.begin();
        onBytes?.(doneBytes);
      }));
    },
    putStream: async (path, source, signal) => {
      const watch = createWatch(stallMs, failureOf('store a stream', path));
      try {
        return await watch.orStalled(storage.putStream(path, relay(source, 'destination', watch), watch.with(signal)));
      } finally {
        source.destroy();
      }
    },
  };
}

interface Watch {
  /** Something moved, and now the storage has to do its part. */
  begin(): void;
  /** It is not the storage that is waited for. */
  end(): void;
  onStall(ended: (failure: HoldfastFailure) => void): void;
  with(signal: AbortSignal | undefined): AbortSignal;
  /** The outcome, or the failure at once: what hangs in the kernel hears of nothing. */
  orStalled<T>(work: Promise<T>): Promise<T>;
}

function createWatch(stallMs: number, failure: () => HoldfastFailure): Watch {
  const stalled = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => clearTimeout(timer);
  return {
    begin: () => {
      end();
      timer = setTimeout(() => stalled.abort(failure()), stallMs);
    },
    end,
    onStall: (ended) => stalled.signal.addEventListener('abort', () => ended(stalled.signal.reason as HoldfastFailure), { once: true }),
    with: (signal) => (signal === undefined ? stalled.signal : AbortSignal.any([signal, stalled.signal])),
    orStalled: async (work) => {
      const { promise, reject } = Promise.withResolvers<never>();
      stalled.signal.addEventListener('abort', () => reject(stalled.signal.reason as Error), { once: true });
      try {
        return await Promise.race([work, promise]);
      } finally {
        end();
      }
    },
  };
}

/** The same bytes and the same end. Of a storage as source it is watched while bytes are wanted, of one as destination while bytes are there and not taken. */
function relay(from: Readable, storageIs: 'source' | 'destination', watch: Watch): Readable {
  let ended = false;
  const to = new Readable({
    highWaterMark: from.readableHighWaterMark,
    read() {
      if (storageIs === 'source') watch.begin();
      else watch.end();
      from.resume();
    },
    destroy(error, callback) {
      watch.end();
      from.destroy();
      callback(error);
    },
  });
  from.pause();
  from.on('data', (chunk: Buffer) => {
    watch.end();
    const wantsMore = to.push(chunk);
    if (wantsMore === (storageIs === 'source')) watch.begin();
    if (!wantsMore) from.pause();
  });
  from.once('end', () => {
    ended = true;
    watch.end();
    to.push(null);
  });
  from.once('error', (error) => to.destroy(error));
  from.once('close', () => {
    // Without an end and without a reason: so it is passed on, and the reader knows what to call it.
    if (!ended && !to.destroyed) to.destroy(from.errored ?? undefined);
  });
  // Whoever has it hears of it; where nobody has it yet, it is no error that nobody caught.
  to.on('error', () => undefined);
  watch.onStall((failure) => to.destroy(failure));
  return to;
}
