/** Victims other than the worker: what is struck when a run reaches a point, while its worker lives (or is stopped, or outlives its run). */
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { waitFor, type ServiceFixture } from '../support/service-fixture.ts';
import { engineCall } from '../support/engine-call.ts';
import { dockerHost, temporalAddress } from '../support/test-environment.ts';
import type { DoomedWorker } from './fault/doomed-worker.ts';
import { runToEnd } from './stage/drive.ts';
import { pointText, type FaultPoint } from './fault/fault-point.ts';
import { instrument } from './fault/instrument.ts';
import { endWithinMs, judged, type CaseResult } from './run-case.ts';
import { bundled, withWorker, type Stage } from './stage/stage.ts';
import { strikeAt } from './fault/strike.ts';

/** What happens at the point; the run goes on when it returns. */
export type Strike = (service: ServiceFixture, run: WorkflowHandle) => Promise<void>;

/** The database's first process dies of SIGKILL, as of the kernel's out-of-memory killer: the restart policy decides what is next. */
export const crash = (store: 'postgres' | 'redis'): Strike => async (service) => {
  const { State } = JSON.parse(await engineCall(dockerHost(), 'GET', `/containers/${service[store]}/json`)) as { State: { Pid: number } };
  if (State.Pid > 0) process.kill(State.Pid, 'SIGKILL');
};

/** `docker kill`: the engine then starts it no more, whatever its restart policy says. */
export const dockerKill = (store: 'postgres' | 'redis'): Strike => (service) => service.runtime.kill(service[store]);

export const cancel: Strike = async (_service, run) => {
  await run.cancel();
};

/** The worker lives; something else is struck while it stands at the point. */
export function runStrikeCase(stage: Stage, point: FaultPoint, victim: string, strike: Strike): Promise<CaseResult> {
  const { service } = stage;
  return judged(stage, `${pointText(point)} ${victim}`, point.runbook, async (start) => {
    const begun = Promise.withResolvers<WorkflowHandle>();
    let struck = false;
    const instrumented = instrument(service.config, strikeAt(point, async () => {
      struck = true;
      await strike(service, await begun.promise);
    }));
    return withWorker(() => stage.startWorker(instrumented), async () => {
      const run = await start();
      begun.resolve(run);
      const outcome = await runToEnd(service, run, endWithinMs);
      await startAgain(service);
      return { missed: !struck, outcome };
    });
  });
}

/** What was killed by hand is started by hand; what its policy starts is waited for. Only then is it looked at. */
async function startAgain(service: ServiceFixture): Promise<void> {
  for (const id of [service.postgres, service.redis]) {
    const { state, restartPolicy } = await service.runtime.inspect(id);
    if (state === 'exited' && restartPolicy.name === 'always') await service.runtime.start(id);
  }
  await waitFor(async () => (await service.sql('SELECT 1')) === '1' && (await service.redisCli('PING')) === 'PONG', 20_000).catch(() => undefined);
}

/** The run is terminated from outside at the point. `dies`: its worker with it. `goesOn`: its worker does not know yet and goes on with the step. */
export function runTerminateCase(stage: Stage, worker: DoomedWorker, point: FaultPoint, then: 'dies' | 'goesOn'): Promise<CaseResult> {
  const { service } = stage;
  return judged(stage, `${pointText(point)} terminated, worker ${then}`, point.runbook, async (start) => {
    await worker.serve({ config: service.config, temporalAddress: temporalAddress(), ...await bundled(), point: pointText(point), strike: 'hold' });
    const run = await start();
    const ended = runToEnd(service, run, endWithinMs);
    const reached = await Promise.race([worker.reached.then(() => true), ended.then(() => false)]);
    if (reached) await run.terminate('chaos');
    if (then === 'goesOn') {
      worker.goOn();
      await pause(zombieMs);
    }
    worker.signal('SIGKILL');
    await worker.gone;
    return { missed: !reached, outcome: await ended };
  });
}

/** The worker is stopped at the point for so long that it counts as dead, and wakes when another has finished its work. */
export function runStoppedCase(stage: Stage, worker: DoomedWorker, point: FaultPoint): Promise<CaseResult> {
  const { service } = stage;
  return judged(stage, `${pointText(point)} worker stopped and woken`, point.runbook, async (start) => {
    await worker.serve({ config: service.config, temporalAddress: temporalAddress(), ...await bundled(), point: pointText(point), strike: 'hold' });
    const run = await start();
    const ended = runToEnd(service, run, endWithinMs);
    const reached = await Promise.race([worker.reached.then(() => true), ended.then(() => false)]);
    worker.signal('SIGSTOP');
    worker.goOn();
    return withWorker(stage.startWorker, async () => {
      const outcome = await ended;
      worker.signal('SIGCONT');
      await pause(zombieMs);
      worker.signal('SIGKILL');
      await worker.gone;
      return { missed: !reached, outcome };
    });
  });
}

/** What a worker that was given up on does next, it does within this. */
const zombieMs = 3_000;
