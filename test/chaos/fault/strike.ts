/** A probe that strikes once, when the run reaches a point. What striking means is the caller's: dying, waiting, killing something else. */
import { setTimeout as pause } from 'node:timers/promises';
import { callText, type ActivityCall, type FaultPoint } from './fault-point.ts';
import type { Probe } from './instrument.ts';

/** A single command has hardly any time in which it runs. */
const intoCallMs = 1;
/** From a helper's start to the midst of its work. Some are done sooner than that: whoever missed one tries again with more haste. */
const intoWorkMs = [150, 30, 0] as const;
export const mostHaste = intoWorkMs.length - 1;
const lookEveryMs = 5;

/**
 * `strike` is awaited at the point, in the first attempt that gets there. In a `during` it runs while the call goes on; a helper that was
 * done before it could be struck is not struck at all, and whoever counts strikes sees that it was missed.
 */
export function strikeAt(point: FaultPoint, strike: () => Promise<void>, haste = 0): Probe {
  let armed = true;
  const { moment } = point;
  const once = async (): Promise<void> => {
    if (!armed) return;
    armed = false;
    await strike();
  };
  const here = (call: ActivityCall, at: FaultPoint['moment']['at']): boolean => armed && moment.at === at && callText(call) === callText(point);
  return {
    before: async (call) => {
      if (here(call, 'before')) await once();
    },
    after: async (call) => {
      if (here(call, 'after')) await once();
    },
    around: async (call, name, run, atWork) => {
      const struck = 'call' in moment && moment.call === name && here(call, moment.at);
      if (!struck) return run();
      if (moment.at === 'done') {
        const result = await run();
        await once();
        return result;
      }
      const running = run();
      running.catch(() => undefined);
      if (!name.startsWith('runtime.wait#')) await pause(intoCallMs);
      else if (!(await isCaughtAtWork(running, atWork, intoWorkMs[haste] ?? 0))) return running;
      const [result] = await Promise.all([running, once()]);
      return result;
    },
  };
}

/** Waits until the helper runs; false where it has ended by then. */
async function isCaughtAtWork(running: Promise<unknown>, atWork: () => Promise<boolean>, intoMs: number): Promise<boolean> {
  let over = false;
  void running.then(() => { over = true; }, () => { over = true; });
  while (!over && !(await atWork())) await pause(lookEveryMs);
  if (over || intoMs === 0) return !over;
  await pause(intoMs);
  return !over && atWork();
}
