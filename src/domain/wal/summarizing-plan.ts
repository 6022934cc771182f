/** Incremental backups need a server that notes what changes (`summarize_wal`, PostgreSQL 17): offered in the plan for its settings, and part of it where somebody asked. Pure. */
import { byHand, canDo } from './log-settings.ts';
import type { LogServerFacts, ServerSettingsPlan, SettingChange } from './server-settings.ts';

export const summaries: SettingChange = { name: 'summarize_wal', value: 'on', statement: 'ALTER SYSTEM SET summarize_wal = \'on\';', why: 'without it no incremental backup can be taken: the server does not note what changes', effect: 'now' };

/** Null where the server notes what changes, or is too old to. */
export const missingSummaries = ({ summarizing }: LogServerFacts): SettingChange | null => (summarizing == null || summarizing.value === 'on' ? null : summaries);

/** The plan, with the change where it was asked for, else with a word that it can be. */
export function withSummaries(plan: ServerSettingsPlan, facts: LogServerFacts, asked: boolean): ServerSettingsPlan {
  const change = missingSummaries(facts);
  if (change === null) return plan;
  if (!asked) return { ...plan, offers: [`Incremental backups (backup --kind incremental) need summarize_wal, which is ${facts.summarizing?.value}: holdfast wal enable --incremental runs ${change.statement}`] };
  // At its next start a server with `minimal` refuses the two together.
  if (facts.settings.wal_level.value === 'minimal') return { ...plan, byHand: [...plan.byHand, { what: change.statement, why: `${change.why}; once the server runs with another wal_level: with minimal it would not start` }] };
  return canDo(facts, change) ? { ...plan, changes: [...plan.changes, change] } : { ...plan, byHand: [...plan.byHand, byHand(facts, change)] };
}
