/** Workflow ids: `holdfast/<verb>/<service>/<stamp>`; the lease's is fixed per service. Pure. */

export type RunVerb = 'backup' | 'verify' | 'prove' | 'drill' | 'restore' | 'undo' | 'accept' | 'reap' | 'mark' | 'enable' | 'forget' | 'find' | 'tables' | 'clone' | 'unclone' | 'hold' | 'unhold' | 'prune' | 'undelete' | 'delete' | 'import' | 'export';

/** @param stamp UTC `YYYYMMDD-HHMMSS` and a few random characters, made by whoever starts the run. */
export const runWorkflowId = (verb: RunVerb, service: string, stamp: string): string => `holdfast/${verb}/${service}/${stamp}`;

/** Of a base backup that the log calls for, by the name of its cause (needed-base.ts): whoever sees the cause first starts it, and nobody a second one. */
export const neededBaseId = (service: string, component: string, cause: string): string => runWorkflowId('backup', service, `${component}-${cause}`);

/** Of the schedule that starts a runbook of a service: fixed, so that there are never two. Its runs have ids of runs, with the instant that Temporal adds. */
export const scheduleId = (verb: string, service: string): string => `holdfast/${verb}/${service}`;

/** Of the one archiveWal of a service: fixed, so that there are never two. */
export const logWatchId = (service: string): string => `holdfast/wal/${service}`;

export const leaseWorkflowId = (service: string): string => `holdfast/lease/${service}`;

/** The short form people read and type: the stamp of a run's workflow id. */
export const shortRunId = (workflowId: string): string => workflowId.split('/').at(-1) ?? workflowId;
