/** Every activity done twice: the first time its effect is there, and nobody is told. */
import { HoldfastFailure } from '../../../src/domain/failures.ts';
import { callText, type ActivityCall } from './fault-point.ts';
import type { Probe } from './instrument.ts';

export interface LostAnswers {
  readonly probe: Probe;
  /** The calls that this befell, in their order. */
  readonly lost: ReadonlySet<string>;
}

/** @param which calls lose their first answer; each is told as `HelperLost`, which is tried again */
export function loseFirstAnswers(which: (call: ActivityCall) => boolean): LostAnswers {
  const lost = new Set<string>();
  return {
    lost,
    probe: {
      after: async (call) => {
        if (!which(call) || lost.has(callText(call))) return;
        lost.add(callText(call));
        throw new HoldfastFailure('HelperLost', { operation: 'test', object: callText(call), cause: 'its answer was lost', hint: 'It is done again.' });
      },
    },
  };
}
