/** The way to a moment: which base backup and which log lead there, or why none does; and that the base backup is what it must be. Nothing is made for it. */
import type { LocatedPoint } from '../../activities/moment/moment-activities.ts';
import type { Component } from '../../domain/service.ts';
import { counted } from '../../domain/wording.ts';
import type { ComponentFacts } from '../../engines/engine.ts';
import type { LogChoice, Wish } from './point-fields.ts';
import type { CommonInput, Run } from './run.ts';

/** A point and the way to it. */
export interface Way {
  readonly wish: Wish;
  readonly located: LocatedPoint;
}

/** What says which cluster is live. */
export type LiveCluster = Pick<ComponentFacts, 'empty' | 'timeline'> & { readonly pinned: Pick<ComponentFacts['pinned'], 'identity'> };

/** @param live says which cluster is live: where nothing of a user's is there, any may come back */
export async function findWay<I extends CommonInput & LogChoice>(run: Run<I>, component: Component, wish: Wish, live: LiveCluster | undefined): Promise<Way> {
  const cluster = run.input.cluster ?? (live?.empty === true ? undefined : live?.pinned.identity ?? undefined);
  const liveTimeline = cluster !== undefined && cluster === live?.pinned.identity ? live.timeline : undefined;
  const located = await run.host.long.locatePoint({
    service: run.input.service, component, point: wish.point, inclusive: wish.inclusive, ...(run.input.timeline === undefined ? {} : { timeline: run.input.timeline }), ...(cluster === undefined ? {} : { cluster }), ...(liveTimeline === undefined ? {} : { liveTimeline }),
  });
  run.step(`[1/5] Source    base backup ${located.base.backupId} and ${counted(located.segments, 'file')} of log behind it, without a gap`);
  await run.host.long.verifyComponent({ service: run.input.service, ...located.base, component: component.name, depth: 'bytes' });
  return { wish, located };
}
