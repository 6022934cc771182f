/** `status`: what is wrong first, then how things stand: services from their repositories, copies from the Docker engine, schedules and runs from Temporal. `--check`: only what is wrong, for monitors. */
import { parseDuration } from '../config/duration.ts';
import { shownRunId } from '../client/run-ids.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import type { ServiceDefinition } from '../domain/service.ts';
import { mostUrgentFirst, standingOf } from '../domain/status/finding.ts';
import { listCopies } from './clone-list.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodes, standingExits, type ExitCode } from './exit-codes.ts';
import type { ListedCopy } from './rendering/copy-text.ts';
import { findingLine, runLine, serviceLines, serviceObject, type ServiceFinding } from './rendering/status-text.ts';
import { reportFailure } from './report-failure.ts';
import { chosenServices } from './schedule/chosen-schedules.ts';
import { judgeService, type JudgedService } from './status/service-status.ts';
import { readTemporal, type TemporalFacts } from './status/temporal-facts.ts';

/** @param maxAge how old the newest backup may be; by its schedule where it is not given */
export async function status(context: CommandContext, check: boolean, maxAge: string | undefined): Promise<ExitCode> {
  const maxAgeMs = maxAge === undefined ? null : parseDuration(maxAge);
  if (maxAge !== undefined && maxAgeMs === null) throw new HoldfastFailure('InvalidInput', { operation: 'read --max-age', object: maxAge, cause: 'it is no duration', hint: 'Write it like 26h or 7d.' });
  const services = await chosenServices(context);
  const temporal = await readTemporal(context, !check);
  try {
    const judged: JudgedService[] = [];
    for (const service of services) judged.push(await judgeService({ context, config: await context.config(), service, temporal, maxAgeMs, nowMs: Date.now() }));
    const findings = mostUrgentFirst(judged.flatMap(({ state, findings: found }) => found.map((finding): ServiceFinding => ({ service: state.name, ...finding }))));
    for (const finding of findings) context.output.result(findingLine(finding));
    return check ? answer(context, findings) : await tell(context, services, judged, findings, temporal);
  } finally {
    if (temporal.kind === 'answers') await temporal.close();
  }
}

/** Cron sends what is printed: nothing where all is well, but to a person. */
function answer({ output }: CommandContext, findings: readonly ServiceFinding[]): ExitCode {
  const standing = standingOf(findings);
  if (standing === 'well' && output.interactive) output.result('All is well.');
  output.object({ standing, findings, exitCode: standingExits[standing] });
  return standingExits[standing];
}

async function tell(context: CommandContext, services: readonly ServiceDefinition[], judged: readonly JudgedService[], findings: readonly ServiceFinding[], temporal: TemporalFacts): Promise<ExitCode> {
  const { output } = context;
  const objects: object[] = [];
  if (findings.length > 0) output.result('');
  for (const [index, { state, logs, failure }] of judged.entries()) {
    const whole = { ...state, copies: await copiesOf(context, services[index] as ServiceDefinition) };
    if (failure === null) for (const line of serviceLines(whole, context.clock())) output.result(line);
    objects.push({ ...serviceObject(whole), logs });
  }
  // What the repositories say stands, whatever Temporal does.
  const unread = judged.find(({ failure }) => failure !== null)?.failure ?? null;
  if (temporal.kind === 'silent' || unread !== null) return reportFailure(unread ?? (temporal.kind === 'silent' ? temporal.error : null), output, context.environment, { findings, services: objects });
  const runs = temporal.kind === 'answers' ? temporal.runs : [];
  for (const run of runs) output.result(runLine(run, run.phaseNow, context.clock()));
  if (runs.length === 0) output.result('No run is open.');
  output.object({ standing: standingOf(findings), findings, services: objects, runs: runs.map((run) => ({ id: shownRunId(run.workflowId), ...run })), exitCode: exitCodes.done });
  return exitCodes.done;
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
