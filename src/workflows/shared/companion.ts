/** A store without a log of its own, at a moment that another's log leads to: what it comes from, and how far that is off. */
import type { Companion } from '../../activities/moment/moment-activities.ts';
import type { PlannedCompanion } from '../../domain/restore-plan.ts';
import type { Component } from '../../domain/service.ts';
import { durationText } from '../../domain/wording.ts';
import type { Way } from './find-way.ts';
import type { CommonInput, Run } from './run.ts';

/** A backup, or what was made of the archive of its append-only file; of a backup, why that one. */
export interface ChosenCompanion extends Companion {
  readonly source?: 'aof';
  readonly unfit?: string;
  /** Of an append-only file that does not lead as far as what is archived of it: until when that is. */
  readonly archivedUntil?: string;
}

interface NextTo {
  readonly of?: string | undefined;
  readonly unusable?: boolean;
  readonly repository?: string;
}

/**
 * Its append-only file where that is archived and leads nearer than a backup does.
 * @param of a backup whose own end the moment is: what it holds of the store belongs to it
 * @param unusable it cannot be asked: a backup tells of its server
 * @param repository of a drill: from there and nowhere else, and without a look at the live server
 */
export async function companionNextTo<I extends CommonInput>(run: Run<I>, component: Component, at: string, { of, unusable, repository }: NextTo = {}): Promise<ChosenCompanion> {
  const { service } = run.input;
  const found = await run.host.quick.findCompanion({ service, component: component.name, at, ...(of === undefined ? {} : { of }), ...(repository === undefined ? {} : { repository }) });
  if (found.aof !== true) return found;
  const { backupId } = found.backup;
  const made = await run.host.long.makeInstant({ service, component, at, ...(unusable === true ? { like: backupId } : {}), ...(repository === undefined ? {} : { beside: { repository, backupId } }) });
  if ('unfit' in made) return { ...found, unfit: made.unfit };
  const isNearer = Date.parse(found.at) > Date.parse(at) || Date.parse(found.at) < Date.parse(made.at);
  return isNearer ? { ...made, aof: true, source: 'aof' } : { ...found, unfit: `it is known until ${made.at} only` };
}

/** Of a way that ends where a backup does: that backup's id. */
export const endedBackup = ({ located: { base, target } }: Way): string | undefined => (target === `backup:${base.backupId}` ? base.backupId : undefined);

/** @param point the instant that the other store comes back to */
export const plannedCompanion = (component: string, { backup, at, source, unfit }: ChosenCompanion, point: string): PlannedCompanion =>
  ({ component, backupId: backup.backupId, at, beforeMs: Date.parse(point) - Date.parse(at), ...(source === undefined ? {} : { source }), ...(unfit === undefined ? {} : { unfit }) });

export function companionText({ component, backupId, beforeMs, source, unfit }: PlannedCompanion): string {
  const skew = `${durationText(Math.abs(beforeMs))} ${beforeMs >= 0 ? 'before' : 'after'} that moment`;
  if (source === 'aof') return `${component} comes from its append-only file, ${skew}`;
  return `${component} ${unfit === undefined ? 'keeps no log' : `does not come from its append-only file (${unfit})`}: it comes from backup ${backupId}, ${skew}`;
}
