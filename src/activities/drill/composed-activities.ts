/** The services of a compose file that stand for no store: started beside the servers of a drill, one after the other, each behind those that it depends on. */
import { createDrillGuest } from '../../containers/drill.ts';
import { pollUntil } from '../../containers/wait-until.ts';
import { checkName, drillCheck, type DrillCheck } from '../../domain/drill/check.ts';
import type { CheckClass } from '../../domain/drill/check-class.ts';
import type { ComposedHealth, ComposedService } from '../../domain/drill/compose/composition.ts';
import { drillSettingsOf } from '../../domain/drill/drill-settings.ts';
import { isFailure } from '../../domain/failures.ts';
import { durationText } from '../../domain/wording.ts';
import type { EngineContext } from '../../engines/engine-context.ts';
import { serviceNamed } from '../activity-run.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { compositionOf } from './composition-of.ts';
import { inDrill, type DrillContext, type DrilledService } from './drill-context.ts';
import { guestMemoryBytes, guestPids, lastWords, startGuest, waysIn } from './guests.ts';

/** What the entrypoints of images do before they are somebody else: give files to a user, and become it. */
const entrypointCapabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'] as const;

/** How long one has to run that nobody asks. */
const settleMs = 2_000;

export const composedStep = (service: string): string => `drill-service-${service}`;

const secretName = /pass|secret|token|credential|key|auth/i;

/** Values of an environment that are nobody's to see, by the names of their variables. */
export const secretsIn = (environment: Readonly<Record<string, string>>): readonly string[] => Object.entries(environment).filter(([name]) => secretName.test(name)).map(([, value]) => value);

export function createDrillComposedActivities(dependencies: ActivityDependencies) {
  return {
    /**
     * A check for each, until one does not come up: those behind it are not started, and give no answer. Run again, each is made anew. Nothing where there is no compose file.
     * @throws EnvironmentRefused, PlanChanged
     */
    startDrillServices: (input: DrilledService): Promise<readonly DrillCheck[]> =>
      inDrill(dependencies, input.backup, async (drill) => {
        const definition = serviceNamed(dependencies, input.backup.service);
        if (drillSettingsOf(definition).compose === undefined) return [];
        const ways = await waysIn(dependencies, drill, input);
        const composition = await compositionOf(dependencies, definition, { sha256: input.compose, variables: ways.environment });
        const checks: DrillCheck[] = [];
        for (const service of composition?.services ?? []) {
          const check = await startService(drill, service, [...ways.secrets, ...secretsIn(service.environment)]);
          checks.push(check);
          if (check.verdict !== 'proven') break;
        }
        return checks;
      }),
  };
}

async function startService({ context, run }: DrillContext, service: ComposedService, secrets: readonly string[]): Promise<DrillCheck> {
  const { service: name, image, names, entrypoint, command = [], environment, memoryBytes = guestMemoryBytes, health, tmpfs, volumes, ...rest } = service;
  const check = (checkClass: CheckClass, sentence: string): DrillCheck => drillCheck(checkName('service', name), null, checkClass, sentence);
  const found = await context.runtime.findImage(image);
  if (found === null) return check('imageMissing', `The Docker engine has no image ${image}; Holdfast pulls nothing.`);
  context.progress({ phase: `start ${name}` });
  const guest = await createDrillGuest(context.runtime, {
    ...rest, run, step: composedStep(name), imageId: found.id, names, ...(entrypoint === undefined ? {} : { entrypoint }), command, environment, memoryBytes, pids: guestPids, capabilities: entrypointCapabilities, tmpfs, volumes, signal: context.signal,
  });
  const refused = await startGuest(context, guest);
  if (refused !== null) return check('applicationDidNotStart', refused);
  const isWell = health === null ? await staysUp(context, guest.id) : await becomesHealthy(context, guest.id, health);
  if (isWell) return check('asExpected', `${image} (${found.id.slice(0, 19)}) ${health === null ? 'runs; the file has no healthcheck that would say more' : 'is healthy'}.`);
  const { running, exitCode, end, memory, words } = await lastWords(context, guest.id, secrets);
  if (end === 'notBegun') return check('applicationDidNotStart', `It ended with ${exitCode ?? 'no exit code'}${words}`);
  if (end === 'outOfMemory') return check('applicationOutOfMemory', `It was ended at ${memory}${words}`);
  return check('healthNotReached', running ? `It was not healthy within ${durationText(health?.withinMs ?? 0)}${words}` : `It ended with ${exitCode ?? 'no exit code'}${words}`);
}

async function staysUp({ runtime, signal, timing }: EngineContext, id: string): Promise<boolean> {
  const ended = await pollUntil(async () => ((await runtime.inspect(id)).state === 'running' ? null : true), { withinMs: settleMs, everyMs: timing.pollMs, signal });
  return ended === null;
}

/** Its health check, asked as the engine would ask it; one that answers once is well. */
async function becomesHealthy({ runtime, signal, timing }: EngineContext, id: string, { argv, timeoutMs, withinMs }: ComposedHealth): Promise<boolean> {
  const answer = await pollUntil(async () => {
    try {
      if ((await runtime.exec(id, { argv, timeoutMs, signal })).exitCode === 0) return true;
    } catch (error) {
      signal.throwIfAborted();
      // One try that takes too long is one that failed; and of one that has ended nobody has to wait for another.
      if (!isFailure(error) || (!error.retryable && error.type !== 'ContainerNotRunning')) throw error;
    }
    return (await runtime.inspect(id)).state === 'running' ? null : false;
  }, { withinMs, everyMs: timing.pollMs, signal });
  return answer === true;
}
