/** Why backups have to stay: a newer one could not be taken, or somebody said so; and that somebody let them go. Pure. */
import type { RunOwner } from './run-owner.ts';

/**
 * With a component: the server has a damaged page. Nobody knows since when, so an old backup may be the only one with what it held. Without one: somebody
 * wants this backup kept.
 */
export interface Hold {
  readonly format: 1;
  readonly service: string;
  /** The backup that could not be taken, or the one that is kept. */
  readonly backupId: string;
  /** Its number: every backup of the service with a lower one is held; without a component, the backup of this number alone. */
  readonly sequence: number;
  readonly component?: string;
  /** As the server or the person said it, without a full stop. */
  readonly reason: string;
  /** Who asked for it, where somebody did. */
  readonly requestedBy?: string;
  readonly at: string;
  readonly run: RunOwner;
}

/** The end of a hold. The record of the hold stays. */
export interface HoldRelease {
  readonly format: 1;
  readonly service: string;
  readonly backupId: string;
  readonly reason: string;
  readonly requestedBy?: string;
  readonly at: string;
  readonly run: RunOwner;
}

export interface ReleasedHold {
  readonly hold: Hold;
  readonly release: HoldRelease;
}

/** The same hold has the same in every repository: of a damaged page that was found once, whichever run came upon it. */
export const holdKey = ({ backupId, component, run }: Hold): string => `${backupId} ${component ?? run.runId}`;

/** What keeps a backup from being removed, of the holds that stand. Whoever removes backups asks this first; what a held backup stands on stays with it. */
export const holdsOn = (holds: readonly Hold[], sequence: number): readonly Hold[] =>
  holds.filter((hold) => (hold.component === undefined ? sequence === hold.sequence : sequence < hold.sequence));
