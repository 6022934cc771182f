/**
 * The application in a drill: started and asked for its health, and its own tests. Both are programs of somebody else's: on the drill's network alone, without a
 * capability, with so much memory and time, and with nothing of the host's. What is run is what the configuration names, whatever anybody's input says.
 */
import { createHash } from 'node:crypto';
import { askUrl } from '../../containers/ask-url.ts';
import { createDrillGuest, drillGuest, drillNetwork, type DrillRun } from '../../containers/drill.ts';
import { scratchName } from '../../containers/labels.ts';
import { removeScratch, type ScratchResource } from '../../containers/scratch.ts';
import { checkName, drillCheck, type DrillCheck } from '../../domain/drill/check.ts';
import type { CheckClass } from '../../domain/drill/check-class.ts';
import type { ApplicationTests } from '../../domain/drill/drill-report.ts';
import { drillEnvironment } from '../../domain/drill/drill-environment.ts';
import { drillSettingsOf, type DrillApplication, type DrillHealth, type TestSettings } from '../../domain/drill/drill-settings.ts';
import { guestEnd } from '../../domain/drill/guest-end.ts';
import { keptOutput, outputLimitBytes } from '../../domain/drill/kept-output.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { durationText } from '../../domain/wording.ts';
import type { EngineContext } from '../../engines/engine-context.ts';
import { serviceNamed } from '../activity-run.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { composedStep, secretsIn } from './composed-activities.ts';
import { compositionOf } from './composition-of.ts';
import { inDrill, type DrillContext, type DrilledService } from './drill-context.ts';
import { guestPids, lastWords, memoryText, startGuest, waysIn, type WaysIn } from './guests.ts';

export interface TestedDrill {
  readonly check: DrillCheck;
  readonly tests: ApplicationTests;
}

/** What the tests wrote, until the report is there. */
export const testOutputNoteKey = 'drill-test-output';


export function createDrillApplicationActivities(dependencies: ActivityDependencies) {
  return {
    /** The application's container, and its URL asked from within the network. It stays, for the tests. Null where the configuration names no URL. */
    checkDrillHealth: (input: DrilledService): Promise<DrillCheck | null> =>
      inDrill(dependencies, input.backup, async (drill) => {
        const { health, application, compose } = drillSettingsOf(serviceNamed(dependencies, input.backup.service));
        if (health === null) return null;
        if (compose !== undefined) return askComposed(drill, health, input);
        if (application === undefined) return drillCheck(checkName('health'), null, 'applicationDidNotStart', 'No application is configured that would answer there.');
        return healthOf(drill, health, application, await waysIn(dependencies, drill, input));
      }),

    /** Their container, to its end. Null where the configuration names none. Run again, they run again. */
    runDrillTests: (input: DrilledService): Promise<TestedDrill | null> =>
      inDrill(dependencies, input.backup, async (drill) => {
        const { tests } = drillSettingsOf(serviceNamed(dependencies, input.backup.service));
        return tests === null ? null : testsOf(drill, tests, await waysIn(dependencies, drill, input));
      }),
  };

  async function healthOf({ context, run }: DrillContext, { url, withinMs }: DrillHealth, application: DrillApplication, { environment, secrets, imageId }: WaysIn): Promise<DrillCheck> {
    const check = (checkClass: CheckClass, sentence: string): DrillCheck => drillCheck(checkName('health'), null, checkClass, sentence);
    const guest = await guestOf(context, run, { ...application, step: 'drill-application', names: [new URL(url).hostname], environment: drillEnvironment(environment, application.environment) });
    if ('missing' in guest) return check('imageMissing', guest.missing);
    const refused = await startGuest(context, guest);
    if (refused !== null) return check('applicationDidNotStart', refused);
    return ask({ context, run }, { url, withinMs }, { id: guest.id, secrets, imageId });
  }

  /** The service of a compose file that bears the name, which runs already. */
  async function askComposed(drill: DrillContext, health: DrillHealth, drilled: DrilledService): Promise<DrillCheck> {
    const { context, run } = drill;
    const ways = await waysIn(dependencies, drill, drilled);
    const composition = await compositionOf(dependencies, serviceNamed(dependencies, run.service), { sha256: drilled.compose, variables: ways.environment });
    const service = composition?.services.find(({ names }) => names.includes(new URL(health.url).hostname));
    const found = service === undefined ? null : await context.runtime.find(scratchName(drillGuest(run, composedStep(service.service))));
    if (service === undefined || found === null) return drillCheck(checkName('health'), null, 'applicationDidNotStart', 'The service that would answer there was not started.');
    return ask(drill, health, { id: found.id, secrets: [...ways.secrets, ...secretsIn(service.environment)], imageId: ways.imageId });
  }

  async function ask({ context, run }: DrillContext, { url, withinMs }: DrillHealth, { id, secrets, imageId }: { readonly id: string } & Pick<WaysIn, 'secrets' | 'imageId'>): Promise<DrillCheck> {
    const check = (checkClass: CheckClass, sentence: string): DrillCheck => drillCheck(checkName('health'), null, checkClass, sentence);
    context.progress({ phase: `ask ${url}` });
    const status = await askUrl(context.runtime, {
      identity: { ...run, component: 'service', step: 'drill-health' }, imageId, network: await drillNetwork(context.runtime, run), url, withinMs, signal: context.signal, aliveIntervalMs: context.timing.heartbeatIntervalMs,
    });
    if (status !== null && status >= 200 && status < 300) return check('asExpected', `${url} answered ${status}.`);
    const { running, exitCode, end, memory, words } = await lastWords(context, id, secrets);
    if (end === 'notBegun') return check('applicationDidNotStart', `It ended with ${exitCode ?? 'no exit code'}${words}`);
    if (end === 'outOfMemory') return check('applicationOutOfMemory', `It was ended at ${memory}${words}`);
    return check('healthNotReached', `${status === null ? 'Nobody answered' : `It answered ${status}`} within ${durationText(withinMs)}${running ? '' : `: it ended with ${exitCode ?? 'no exit code'}`}${words}`);
  }

  async function testsOf({ context, run }: DrillContext, tests: TestSettings, { environment, secrets }: WaysIn): Promise<TestedDrill> {
    const { image, command, timeoutMs, memoryBytes } = tests;
    const beganMs = dependencies.nowMs();
    const answer = async (checkClass: CheckClass, sentence: string, imageId: string | null, exitCode: number | null, output: ApplicationTests['output'] = null): Promise<TestedDrill> =>
      ({ check: drillCheck(checkName('tests'), null, checkClass, sentence), tests: { image, imageId, command, exitCode, durationMs: Math.max(0, dependencies.nowMs() - beganMs), output } });
    const guest = await guestOf(context, run, { image, command, memoryBytes, step: 'drill-tests', environment: drillEnvironment(environment, tests.environment) });
    if ('missing' in guest) return answer('imageMissing', guest.missing, null, null);
    const imageId = (await context.runtime.inspect(guest.id)).imageId;
    const refused = await startGuest(context, guest);
    if (refused !== null) return answer('applicationTestsDidNotStart', refused, imageId, null);
    context.progress({ phase: 'the application\'s tests run' });
    const ended = await waitFor(context, guest.id, timeoutMs);
    const output = await keep(context, guest, secrets);
    await removeScratch(context.runtime, guest);
    if (ended === null) return answer('applicationTestsTimedOut', `They were stopped after ${durationText(timeoutMs)}.`, imageId, null, output);
    const { exitCode } = ended;
    const end = guestEnd(ended);
    if (end === 'outOfMemory') return answer('applicationTestsOutOfMemory', `They were ended at ${memoryText(memoryBytes)}.`, imageId, exitCode, output);
    if (exitCode === 0) return answer('asExpected', `${command[0] ?? image} ended with 0.`, imageId, 0, output);
    if (end === 'notBegun') return answer('applicationTestsDidNotStart', `${command[0] ?? image} could not be run: it ended with ${exitCode}.`, imageId, exitCode, output);
    return answer('applicationTestsFailed', `${command[0] ?? image} ended with ${exitCode}.`, imageId, exitCode, output);
  }
}

interface Guest {
  readonly image: string;
  readonly command: readonly string[] | null;
  readonly memoryBytes: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly step: string;
  readonly names?: readonly string[];
}

async function guestOf({ runtime, signal }: EngineContext, run: DrillRun, { image, command, ...rest }: Guest): Promise<ScratchResource | { readonly missing: string }> {
  const found = await runtime.findImage(image);
  if (found === null) return { missing: `The Docker engine has no image ${image}; Holdfast pulls nothing.` };
  // The first word is the program, as in a terminal: the image's entrypoint would stand before it.
  return createDrillGuest(runtime, { ...rest, run, imageId: found.id, ...(command === null ? { command: [] } : { entrypoint: command.slice(0, 1), command: command.slice(1) }), pids: guestPids, signal });
}

/** Null where the time was over; it is ended then. */
async function waitFor({ runtime, signal }: EngineContext, id: string, timeoutMs: number): Promise<{ readonly exitCode: number; readonly oomKilled: boolean } | null> {
  const over = AbortSignal.timeout(timeoutMs);
  try {
    return await runtime.wait(id, AbortSignal.any([signal, over]));
  } catch (error) {
    signal.throwIfAborted();
    if (!over.aborted) throw error;
    await runtime.kill(id);
    return null;
  }
}

async function keep({ runtime, recordOnce }: EngineContext, { id }: ScratchResource, secrets: readonly string[]): Promise<NonNullable<ApplicationTests['output']>> {
  const written = await runtime.logs(id, 2 * outputLimitBytes);
  const text = keptOutput(written, secrets);
  const kept = await recordOnce(testOutputNoteKey, text);
  if (typeof kept !== 'string') throw new HoldfastFailure('RepositoryDamaged', { operation: 'keep the output of the tests', object: testOutputNoteKey, cause: 'the note is no text', hint: 'Run the drill again.' });
  const bytes = Buffer.from(kept, 'utf8');
  return { sizeBytes: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex'), cut: Buffer.byteLength(written) >= outputLimitBytes };
}
