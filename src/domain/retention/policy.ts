/** What is kept for how long, per service. Pure. */
import { HoldfastFailure } from '../failures.ts';
import { counted } from '../wording.ts';

/** A backup is kept as long as any of these keeps it. */
export interface RetentionPolicy {
  /** Every backup of so many days. */
  readonly days: number;
  /** Grandfather, father, son: of each kind the newest sound backup of each of so many days, weeks, months; 0 for none. */
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  /** Any second of so many days can be come back to, where a log is kept. */
  readonly walDays: number;
  /** Of each component so many copies that do not stand on each other, however old. */
  readonly minimumCopies: number;
  /** A plan asks first where more than this share of what there is was due long ago: percent. */
  readonly largestSharePercent: number;
  /** What was removed can be taken back for so many days. */
  readonly trashDays: number;
}

/**
 * Three copies: one that turns out bad in a drill leaves two. (Others begin at none, or count incremental ones and failed ones, and have been left with nothing
 * that way: Barman BAR-707, docs/decisions/0019.)
 */
export const defaultPolicy: RetentionPolicy = { days: 30, daily: 0, weekly: 0, monthly: 0, walDays: 7, minimumCopies: 3, largestSharePercent: 20, trashDays: 7 };

export const policyBounds: Readonly<Record<keyof RetentionPolicy, readonly [least: number, most: number]>> = {
  days: [1, 36_500], daily: [0, 36_500], weekly: [0, 5_200], monthly: [0, 1_200], walDays: [1, 36_500], minimumCopies: [1, 1_000], largestSharePercent: [1, 100], trashDays: [1, 3_650],
};

/** A policy with the defaults for what it leaves out. A key that is not known is a slip of the pen, which would remove what it was meant to keep. @throws InvalidInput */
export function checkPolicy(given: Readonly<Record<string, unknown>>): RetentionPolicy {
  for (const [key, value] of Object.entries(given)) {
    const range = Object.hasOwn(policyBounds, key) ? policyBounds[key as keyof RetentionPolicy] : undefined;
    if (range === undefined) throw invalid(key, `there is no such key; there are ${Object.keys(policyBounds).join(', ')}`);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < range[0] || value > range[1]) throw invalid(key, `it is ${JSON.stringify(value) ?? typeof value}, and has to be a whole number from ${range[0]} to ${range[1]}`);
  }
  return { ...defaultPolicy, ...given };
}

interface Written {
  readonly retention?: RetentionPolicy;
  readonly retentionIn?: Readonly<Record<string, RetentionPolicy>>;
}

/** What holds for a service in a repository: what is written down for that, or else for the service. Null where nothing is, and {@link defaultPolicy} holds for whoever asks. */
export const writtenPolicy = ({ retention, retentionIn }: Written, repository: string): RetentionPolicy | null => retentionIn?.[repository] ?? retention ?? null;

/** `each backup of 30 days, the log of 7 days, at least 3 of each store, the trash for 7 days` */
export function policyText({ days, daily, weekly, monthly, walDays, minimumCopies, trashDays }: RetentionPolicy): string {
  const periods = [[daily, 'day'], [weekly, 'week'], [monthly, 'month']] as const;
  const further = periods.flatMap(([count, period]) => (count === 0 ? [] : [`one of each of ${counted(count, period)}`]));
  return [`each backup of ${counted(days, 'day')}`, ...further, `the log of ${counted(walDays, 'day')}`, `at least ${minimumCopies} of each store`, `the trash for ${counted(trashDays, 'day')}`].join(', ');
}

const invalid = (key: string, cause: string): HoldfastFailure =>
  new HoldfastFailure('InvalidInput', { operation: 'read the retention policy', object: JSON.stringify(key.slice(0, 40)), cause, hint: 'Like: retention: { days: 30, daily: 7, weekly: 4, monthly: 12, walDays: 7 }.' });
