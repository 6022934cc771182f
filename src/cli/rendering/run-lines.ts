/** Lines about a run: its events, and how far it is. Pure. */
import type { ActivityView, RunView } from '../../client/read-run.ts';
import { sizeText } from '../../domain/wording.ts';
import type { RunEvent, RunStatus } from '../../workflows/shared/run-status.ts';
import { withLocalTimes } from './local-time.ts';
import type { PlanClock } from './plan-text.ts';

const marks = { step: '', done: '✓ ', note: '  ', warning: '! ' } as const;

/** `✓ PostgreSQL backup completed: … (94KB)`, instants in it as local time. */
export const eventText = (event: RunEvent, { timeZone, now }: PlanClock): string => `${marks[event.kind]}${withLocalTimes(event.text, timeZone, now)}`;

/** Events that were not shown yet, and how many were already gone. Events are counted from the run's beginning, dropped ones included. */
export function newEvents(status: RunStatus, shown: number): { readonly events: readonly RunEvent[]; readonly missed: number; readonly shown: number } {
  const total = status.eventsDropped + status.events.length;
  const fresh = Math.max(0, Math.min(total - shown, status.events.length));
  return { events: fresh === 0 ? [] : status.events.slice(-fresh), missed: Math.max(0, total - shown - fresh), shown: Math.max(total, shown) };
}

/** The one redrawn line: `prepareComponent restore 120MB of 612MB · …`. Null where nothing is worth saying. */
export function progressText(view: RunView): string | null {
  if (!view.open) return null;
  if (view.status?.phase === 'awaitingApproval') return 'waiting for approval';
  const parts = view.activities.map(activityText).filter((text) => text !== '');
  return parts.length === 0 ? null : parts.join(' · ');
}

function activityText({ progress, attempt, lastFailure }: ActivityView): string {
  const bytes = progress?.doneBytes === undefined ? '' : ` ${sizeText(progress.doneBytes)}${progress.totalBytes === undefined ? '' : ` of ${sizeText(progress.totalBytes)}`}`;
  const text = progress === null || progress.phase === 'working' ? '' : `${progress.phase}${bytes}`;
  return attempt > 1 ? `${text === '' ? '' : `${text}, `}attempt ${attempt}${lastFailure === null ? '' : `: ${lastFailure}`}` : text;
}

/** A retry that is worth a line of its own where no line is redrawn. */
export const retryTexts = (view: RunView): readonly string[] =>
  view.activities.filter(({ attempt, lastFailure }) => attempt > 1 && lastFailure !== null).map(({ attempt, lastFailure }) => `trying again (attempt ${attempt}): ${lastFailure}`);
