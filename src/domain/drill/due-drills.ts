/** Which drills of a service start by themselves, and when: by its configuration, and by the defaults where that says nothing. Pure. */
import type { CronTimes } from '../schedules/cron.ts';
import { startsOf } from '../schedules/schedule-terms.ts';
import type { ScheduledVerb } from '../schedules/scheduled-runbooks.ts';
import type { ServiceDefinition } from '../service.ts';
import { drillKinds, type DrillKind } from './objectives.ts';

export interface DueDrill {
  readonly kind: DrillKind;
  readonly times: CronTimes;
  readonly timeZone: string;
}

/** The key of the schedule that starts them. */
const verbOf = { restore: 'drill', rebuild: 'rebuild', failover: 'failover' } as const satisfies Record<DrillKind, ScheduledVerb>;

/** Null for a runbook that is no drill. */
export const drillKindOf = (verb: ScheduledVerb): DrillKind | null => drillKinds.find((kind) => verbOf[kind] === verb) ?? null;

/** None of those that are off. @throws HoldfastFailure InvalidConfiguration for times that no calendar has */
export const dueDrills = (service: ServiceDefinition): readonly DueDrill[] => drillKinds.flatMap((kind) => {
  const starts = startsOf(service, verbOf[kind]);
  return starts === null ? [] : [{ kind, ...starts }];
});
