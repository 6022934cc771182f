/** What a restore took, and what it cost: measured, never estimated (docs/design.md, G10). */
import type { Health } from '../../activities/application-activities.ts';
import type { BroughtBack } from './bring-back.ts';

/** What was measured; nothing here is an estimate. */
export interface RecoveryReport {
  /** Which instant the RTO counts from. */
  readonly disaster: { readonly at: string; readonly source: 'since' | 'firstFailedHealthCheck' | 'request' };
  readonly approvedAt: string;
  readonly backAt: string;
  readonly rtoMs: number;
  readonly rtoFromApprovalMs: number;
  readonly rpoMs: number;
  /** Transactions committed after the point, set aside in the rollback copy (PostgreSQL), or null where it could not be counted. */
  readonly setAsideTransactions: string | null;
  readonly phases: readonly { readonly phase: string; readonly durationMs: number }[];
}

/** What the times count from, and the instant that what came back covers. */
export interface Reckoning {
  readonly since: string | undefined;
  readonly requestedAt: string;
  /** The check at the beginning; null where there was none. */
  readonly health: Health | null;
  readonly point: string;
}

export function recoveryReport({ since, requestedAt, health, point }: Reckoning, back: BroughtBack): RecoveryReport {
  const disaster: RecoveryReport['disaster'] = since !== undefined ? { at: new Date(since).toISOString(), source: 'since' }
    : health !== null && !health.healthy ? { at: health.at, source: 'firstFailedHealthCheck' } : { at: requestedAt, source: 'request' };
  const backMs = Date.parse(back.backAt);
  return {
    disaster,
    approvedAt: back.approvedAt,
    backAt: back.backAt,
    rtoMs: backMs - Date.parse(disaster.at),
    rtoFromApprovalMs: backMs - Date.parse(back.approvedAt),
    rpoMs: Math.max(0, Date.parse(disaster.at) - Date.parse(point)),
    setAsideTransactions: back.setAside,
    phases: back.phases,
  };
}
