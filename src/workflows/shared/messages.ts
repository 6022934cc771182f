/** The messages that every run understands. Contract: clients import this, never the workflow itself. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Decision, RecordedDecision } from '../../domain/approval.ts';
import type { RunStatus } from './run-status.ts';

/** A query: reading must not change anything. */
export const statusQuery = defineQuery<RunStatus>('status');

/** Updates: the one who decides is answered at once, with the reason when the decision is refused. */
export const approveUpdate = defineUpdate<RecordedDecision, [Decision]>('approve');
export const rejectUpdate = defineUpdate<RecordedDecision, [Decision]>('reject');

/** Signals under other names, for the Temporal UI and tctl, which send no updates: a refusal is found in the status. */
export const approveSignal = defineSignal<[Decision]>('approveBySignal');
export const rejectSignal = defineSignal<[Decision]>('rejectBySignal');

/** A signal to the lease holder: there is nothing to answer, and the sender may be about to end. */
export const releaseLeaseSignal = defineSignal<[{ readonly runId: string }]>('release');
