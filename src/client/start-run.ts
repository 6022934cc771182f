/** Starting a runbook: a workflow id that says what it is, and a summary for the UI. */
import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { checkName } from '../domain/identifiers.ts';
import { runWorkflowId } from '../domain/workflow-ids.ts';
import { askTemporal } from './ask-temporal.ts';
import { listRuns } from './list-runs.ts';
import { digitsOf, newStamp } from './run-ids.ts';
import { idVerb, workflowTypes, type Runbooks, type Verb } from './runbooks.ts';

/** A run to follow. Without a run id the newest execution is meant, also after a reset. */
export interface StartedRun {
  readonly workflowId: string;
  readonly runId: string;
}

/** The server's limit for a summary is 400 bytes; a reason can be longer. */
const summaryCharacters = 120;
const attempts = 50;

/** Starts one run. @throws InvalidInput (a name that cannot be one), TemporalUnreachable */
export async function startRun<V extends Verb>(client: Client, taskQueue: string, verb: V, input: Runbooks[V]['input']): Promise<StartedRun> {
  checkName('service', input.service);
  const workflowId = runWorkflowId(idVerb(verb), input.service, newStamp(Date.now(), await freeDigits(client, taskQueue)));
  const reason = input.reason === undefined ? '' : `: ${input.reason}`;
  const handle = await askTemporal(client, 'start the run', workflowId, () => client.workflow.start(workflowTypes[verb], {
    taskQueue, workflowId, args: [input], staticSummary: `${idVerb(verb)} of ${input.service}${reason}`.slice(0, summaryCharacters),
  }));
  return { workflowId, runId: handle.firstExecutionRunId };
}

/** Four hexadecimal digits that no known run has: what people type should stay unambiguous for as long as it can. */
async function freeDigits(client: Client, taskQueue: string): Promise<string> {
  const taken = new Set((await listRuns(client, { taskQueue })).map(({ workflowId }) => digitsOf(workflowId)));
  for (let attempt = 0; ; attempt += 1) {
    const digits = randomBytes(2).toString('hex');
    if (!taken.has(digits) || attempt >= attempts) return digits;
  }
}
