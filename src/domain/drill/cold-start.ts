/** How long a service that was rebuilt took from nothing until it answered. Pure. */
import { checkName, type DrillCheck } from './check.ts';
import type { DrillPhase } from './objectives.ts';
import type { Measured } from './recovery-times.ts';

export interface ColdStartFacts {
  readonly requestedAt: string;
  readonly phases: readonly DrillPhase[];
  readonly checks: readonly DrillCheck[];
  readonly expectedChecks: readonly string[];
  /** Names of the stores that were to come up. */
  readonly components: readonly string[];
}

/** Until the last server answered, and the application where its health is asked for: what comes behind it (counting, comparing, tests) keeps no user waiting. */
export function coldStart({ requestedAt, phases, checks, expectedChecks, components }: ColdStartFacts): Measured {
  const started = phases.filter(({ phase, outcome }) => phase === 'start' && outcome === 'done');
  const missing = components.find((name) => !started.some(({ component }) => component === name));
  if (missing !== undefined) return { ms: null, why: `${missing} did not come up` };
  const asked = expectedChecks.includes(checkName('health'));
  if (asked && !checks.some(({ name, verdict }) => name === checkName('health') && verdict === 'proven')) return { ms: null, why: 'the application did not answer' };
  const [last] = phases.filter((each) => started.includes(each) || (asked && each.phase === 'health')).map(({ finishedAt }) => finishedAt).sort((a, b) => Date.parse(b) - Date.parse(a));
  const ms = last === undefined ? NaN : Date.parse(last) - Date.parse(requestedAt);
  if (last === undefined || !Number.isSafeInteger(ms) || ms < 0) return { ms: null, why: last === undefined ? 'nothing came up' : 'the clocks do not agree' };
  return { ms, from: { at: requestedAt, what: 'the request for the drill, with nothing there' }, to: { at: last, what: asked ? 'the application answering' : 'the last server answering' } };
}
