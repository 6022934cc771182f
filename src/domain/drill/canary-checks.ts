/** Whether what came back is of the backup that it is said to be: by the canary that was written into each store before the backup. Pure. */
import type { Canary } from '../canary.ts';
import { checkName, drillCheck, type DrillCheck } from './check.ts';

/** One store of a drill, where a manifest says that a canary is in it. */
export interface CanaryReading {
  readonly component: string;
  readonly backupId: string;
  readonly expected: Canary;
  /** What the store holds; null where that is none. */
  readonly found: Canary | null;
  /** Did a log of its own lead the store past that backup? Then a canary of a later one has taken the place of its own. */
  readonly past: boolean;
}

/**
 * One check a store. In a store that was led past its backup any canary is right that is not older than the backup's own. Where another one is found, the stores disagree if some other store holds yet
 * another; if none does, all of them came from somewhere else.
 */
export const canaryChecks = (readings: readonly CanaryReading[]): readonly DrillCheck[] => readings.map((reading) => {
  const { component, backupId, expected, found } = reading;
  const check = checkName('canary', component);
  const own = `the nonce that was written at ${expected.writtenAt}, before backup ${backupId} was taken`;
  if (found === null) return drillCheck(check, component, 'canaryMissing', `It has no canary, where it was to have ${own}.`);
  if (found.nonce === expected.nonce) return drillCheck(check, component, 'asExpected', `It has ${own}; and what is written to it now is read in a new connection.`);
  if (isLater(reading)) return drillCheck(check, component, 'asExpected', `It has the nonce of a later backup, written at ${found.writtenAt}: its log led past backup ${backupId}, whose own was written at ${expected.writtenAt}. What is written to it now is read in a new connection.`);
  const disagrees = readings.some((other) => other.found !== null && other.found.nonce !== found.nonce);
  const explained = reading.past ? ' A restore of the live service since that backup would explain it: take a backup.' : '';
  return drillCheck(check, component, disagrees ? 'canariesDisagree' : 'canaryMissing', `It has another nonce, written at ${found.writtenAt}, where it was to have ${own}.${explained}`);
});

const isLater = ({ past, expected, found }: CanaryReading): boolean => past && found !== null && Date.parse(found.writtenAt) >= Date.parse(expected.writtenAt);
