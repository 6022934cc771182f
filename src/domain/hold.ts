/** Why older backups have to stay: found when a newer one could not be taken. Pure. */
import type { RunOwner } from './run-owner.ts';

/** The server has a damaged page: nobody knows since when, so an old backup may be the only one with what it held. */
export interface Hold {
  readonly format: 1;
  readonly service: string;
  /** The backup that could not be taken. */
  readonly backupId: string;
  /** Its number: every backup of the service with a lower one is held. */
  readonly sequence: number;
  readonly component: string;
  /** As the server said it, without a full stop. */
  readonly reason: string;
  readonly at: string;
  readonly run: RunOwner;
}

/** What keeps a backup from being removed. Whoever removes backups asks this first. */
export const holdsOn = (holds: readonly Hold[], sequence: number): readonly Hold[] => holds.filter((hold) => sequence < hold.sequence);
