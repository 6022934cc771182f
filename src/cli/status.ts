/** `status`: services from their repositories, copies from the Docker engine, runs from Temporal. Starts the embedded server only where its file may hold open runs. */
import { parseDuration } from '../config/duration.ts';
import { listRuns, type RunSummary } from '../client/list-runs.ts';
import { readStatus } from '../client/read-run.ts';
import { shownRunId } from '../client/run-ids.ts';
import { isTemporalConfigured } from '../client/temporal-connection.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import type { ServiceDefinition } from '../domain/service.ts';
import { findLocalTemporal } from '../worker/local/local-supervisor.ts';
import { readCatalog } from './backup-catalog.ts';
import { listCopies } from './clone-list.ts';
import { chosenService, type CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { repositoriesOf } from './list-backups.ts';
import type { ListedCopy } from './rendering/copy-text.ts';
import { judgeBackup, runLine, serviceLines, type ServiceState } from './rendering/status-text.ts';
import { reportFailure } from './report-failure.ts';
import { openSession } from './temporal-session.ts';

interface OpenRun extends RunSummary { readonly phaseNow: string | null }

export async function status(context: CommandContext, check: boolean, maxAge: string): Promise<ExitCode> {
  const maxAgeMs = parseDuration(maxAge);
  if (maxAgeMs === null) throw new HoldfastFailure('InvalidInput', { operation: 'read --max-age', object: maxAge, cause: 'it is no duration', hint: 'Write it like 26h or 7d.' });
  const { output } = context;
  const config = await context.config();
  const chosen = context.options.service === undefined ? config.services : [chosenService(config, context.options.service)];
  const services: ServiceState[] = [];
  for (const service of chosen) services.push({ ...await readService(context, service), ...(check ? {} : { copies: await copiesOf(context, service) }) });
  const judged = services.map((service) => ({ service: service.name, ...judgeBackup(service, Date.now(), maxAgeMs) }));
  for (const service of services) for (const line of serviceLines(service, context.clock())) output.result(line);
  if (check) for (const { service, verdict, sentence } of judged) output.result(`${verdict.padEnd(9)} ${service}: ${sentence}`);
  const { runs, unknown } = check ? { runs: [], unknown: null } : await openRuns(context).then((found) => ({ runs: found, unknown: null }), (error: unknown) => ({ runs: [], unknown: { error } }));
  const serviceObjects = services.map(({ newest, ...rest }) => ({ ...rest, newest: newest === null ? null : { id: newest.id, proof: newest.proof?.verdict ?? null, damage: newest.damage } }));
  // What the repositories say stands, whatever Temporal does.
  if (unknown !== null) return reportFailure(unknown.error, output, context.environment, { services: serviceObjects });
  for (const run of runs) output.result(runLine(run, run.phaseNow, context.clock()));
  if (!check && runs.length === 0) output.result('No run is open.');
  const exitCode = check ? worst(judged.map(({ verdict }) => verdict)) : exitCodes.done;
  output.object({ services: serviceObjects, ...(check ? { checks: judged } : { runs: runs.map((run) => ({ id: shownRunId(run.workflowId), ...run })) }), exitCode });
  return exitCode;
}

function worst(verdicts: readonly ReturnType<typeof judgeBackup>['verdict'][]): ExitCode {
  if (verdicts.includes('FAIL')) return exitCodes.failed;
  return verdicts.includes('NOT KNOWN') ? exitCodes.couldNotVerify : exitCodes.done;
}

async function readService(context: CommandContext, service: ServiceDefinition): Promise<ServiceState> {
  const repositories = await repositoriesOf(context, service);
  const { entries, total } = await readCatalog(repositories, service.name, 1);
  const { rollbacks, unreadable } = await repositories[0]?.surveyRollbacks(service.name) ?? { rollbacks: [], unreadable: [] };
  return {
    name: service.name, newest: entries[0] ?? null, total,
    rollbacks: rollbacks.filter(({ state }) => state === 'opened').map(({ record }) => ({ workflowId: record.workflowId, operation: record.operation, recordedAt: record.recordedAt })),
    unreadableRollbacks: unreadable.map(({ runId, failure }) => ({ runId, cause: failure.fields.cause })),
  };
}

/** Null where the engine does not answer: what the repositories say stands without it. */
async function copiesOf(context: CommandContext, service: ServiceDefinition): Promise<readonly ListedCopy[] | null> {
  try {
    return await listCopies(context, [service]);
  } catch (error) {
    if (isFailure(error, 'DockerUnreachable')) return null;
    throw error;
  }
}

async function openRuns(context: CommandContext): Promise<readonly OpenRun[]> {
  if (context.options.local === true || !isTemporalConfigured()) {
    const { server, mayHoldRuns } = await findLocalTemporal(context.environment);
    if (server === null && !mayHoldRuns) return [];
  }
  const session = await openSession(context);
  try {
    const { service } = context.options;
    const open = await listRuns(session.client, { taskQueue: session.taskQueue, open: true, ...(service === undefined ? {} : { service }) });
    return await Promise.all(open.map(async (run) => ({ ...run, phaseNow: await readStatus(session.client, run.workflowId, context.timing.followCallMs).then(({ phase }) => phase, () => run.phase) })));
  } finally {
    await session.close();
  }
}
