/** A probe that strikes once, when the run reaches a point. What striking means is the caller's: dying, waiting, killing something else. */
import { setTimeout as pause } from 'node:timers/promises';
import { callText, type ActivityCall, type FaultPoint } from './fault-point.ts';
import type { Probe } from './instrument.ts';

/** A helper that is waited for is given time to be at its work; a single command has hardly any. */
const intoWaitMs = 300;
const intoCallMs = 5;

/** `strike` is awaited at the point, in the first attempt that gets there. In a `during` it runs while the call goes on. */
export function strikeAt(point: FaultPoint, strike: () => Promise<void>): Probe {
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
    around: async (call, name, run) => {
      const struck = 'call' in moment && moment.call === name && here(call, moment.at);
      if (!struck) return run();
      if (moment.at === 'done') {
        const result = await run();
        await once();
        return result;
      }
      const running = run();
      await Promise.race([running.catch(() => undefined), pause(name.startsWith('runtime.wait#') ? intoWaitMs : intoCallMs)]);
      const [result] = await Promise.all([running, once()]);
      return result;
    },
  };
}
