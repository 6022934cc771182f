/** The newest of a log, for whoever looks for an accident or comes back from it right after it happened: what was received is not waited for until its turn comes. */
import { pollUntil } from '../../containers/wait-until.ts';
import { isFailure } from '../../domain/failures.ts';
import type { Component } from '../../domain/service.ts';
import { isKept } from '../../domain/wal/log-alarms.ts';
import type { ActivityDependencies } from '../dependencies.ts';

type Needed = Pick<ActivityDependencies, 'readLog' | 'wishForLog' | 'timing' | 'nowMs'>;

/**
 * Has all that was committed until now brought to the repositories, and returns when it is there: true; or false where nobody receives this log now, or it is not
 * there in time: then there is what there is. Where the server archives its log itself nothing can be hastened without changing the server. Idempotent.
 */
export async function bringNewestLog({ readLog, wishForLog, timing, nowMs }: Needed, service: string, component: Component, signal: AbortSignal): Promise<boolean> {
  if (component.engine !== 'postgres' || component.wal !== 'stream' || !isKept(await readLog(service, component.name), nowMs())) return false;
  const wished = new Date(nowMs()).toISOString();
  await wishForLog(service, component.name, wished);
  const isBrought = async (): Promise<true | null> => (((await readLog(service, component.name))?.brought ?? '') >= wished ? true : null);
  return await pollUntil(isBrought, { withinMs: timing.walBringMs, everyMs: timing.pollMs, signal }) ?? false;
}

/** Each listing is as new as can be, and what is read of it is read first: as many in a row meet a longer one only where a look takes longer than the log stands still, on a busy host. */
const listedAtMost = 16;

/** The newest part of a log is replaced by a longer one every few seconds: what was listed may be gone when it is read. Then it is listed anew, which is no failure of anything. */
export async function withNewestLog<L, T>(list: () => Promise<L>, use: (listed: L) => Promise<T>): Promise<T> {
  for (let round = 1; ; round += 1) {
    try {
      return await use(await list());
    } catch (error) {
      if (round >= listedAtMost || !isFailure(error, 'LogSuperseded')) throw error;
    }
  }
}
