/** Activity options by class of work, never by call. Every proxy states its timeouts; which failures end a retry comes with the failure. */
import { ActivityCancellationType, proxyActivities, type ActivityInterfaceFor, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { productionTiming, testTiming, type Timing } from '../../domain/timing.ts';

export type TimingProfile = 'production' | 'test';
export const timingOf = (profile: TimingProfile): Timing => (profile === 'test' ? testTiming : productionTiming);

export interface ActivityProxies {
  /** The run's first step on the host: where nobody takes it within a minute, no worker is there. */
  readonly first: ActivityInterfaceFor<Activities>;
  /** Inspect, one statement, one small object. */
  readonly quick: ActivityInterfaceFor<Activities>;
  /** Dump, restore, transfer: long, with heartbeats. */
  readonly long: ActivityInterfaceFor<Activities>;
  /** Behind an opening, the application still down: as long, and behind nobody's dump. */
  readonly check: ActivityInterfaceFor<Activities>;
  /** Inside a cut-over: retried generously, because half-way is the worst place to stop, and as long as it takes: a large store saves and loads for long. */
  readonly cutOver: ActivityInterfaceFor<Activities>;
}

/** Proxies for the activities on one task queue. @param longTaskQueue of those that take long; the same unless given */
export function activitiesOn(taskQueue: string, profile: TimingProfile, longTaskQueue: string = taskQueue): ActivityProxies {
  const timing = timingOf(profile);
  const retry = { initialInterval: timing.retryInitialMs, maximumInterval: timing.retryMaximumMs, backoffCoefficient: 2 };
  const options = (startToCloseMs: number, maximumAttempts: number): ActivityOptions => ({
    taskQueue,
    startToCloseTimeout: startToCloseMs,
    heartbeatTimeout: timing.heartbeatTimeoutMs,
    // Said, because it is not the default (the SDK's documentation says so, its code takes TRY_CANCEL): clean-up must not begin beside the work it cleans up after.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { ...retry, maximumAttempts },
  });
  return {
    first: proxyActivities<Activities>({ ...options(timing.quickActivityMs, 8), scheduleToStartTimeout: timing.hostAnswerMs }),
    quick: proxyActivities<Activities>(options(timing.quickActivityMs, 8)),
    long: proxyActivities<Activities>({ ...options(timing.longActivityMs, 5), taskQueue: longTaskQueue }),
    // As many as an engine needs that is restarted meanwhile: some eight minutes.
    check: proxyActivities<Activities>(options(timing.longActivityMs, 20)),
    cutOver: proxyActivities<Activities>(options(timing.longActivityMs, 60)),
  };
}
