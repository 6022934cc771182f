/** Victims other than the worker: what is struck when a run reaches a point, while its worker lives (or is stopped, or outlives its run). */
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { waitFor, type ServiceFixture } from '../support/service-fixture.ts';
import { runToEnd } from './stage/drive.ts';
import { firstProcess } from './stage/first-process.ts';
import { pointText, type FaultPoint } from './fault/fault-point.ts';
import { instrument } from './fault/instrument.ts';
import { twistOf } from './fault/twist.ts';
import { doomedOrder, endedAndReleased, endWithinMs, judged, startHealthy, type CaseResult, type Setting } from './run-case.ts';
import type { Victim } from './stage/judge.ts';
import { withWorker } from './stage/worker.ts';
import { strikeAt } from './fault/strike.ts';

/** What happens at the point; the run goes on when it returns. Answers whether it hit: what does not run cannot be killed. */
export type Strike = (service: ServiceFixture, run: WorkflowHandle) => Promise<boolean>;

/** The database's first process dies of SIGKILL, as of the kernel's out-of-memory killer: the restart policy decides what is next. */
export const crash = (store: 'postgres' | 'redis'): Strike => async (service) => {
  const pid = await firstProcess(service[store]);
  return pid > 0 && process.kill(pid, 'SIGKILL');
};

/** `docker kill`: the engine then starts it no more, whatever its restart policy says. */
export const dockerKill = (store: 'postgres' | 'redis'): Strike => async (service) => {
  const { state } = await service.runtime.inspect(service[store]);
  await service.runtime.kill(service[store]);
  return state === 'running';
};

export const cancel: Strike = async (_service, run) => {
  await run.cancel();
  return true;
};

/** The worker lives; something else is struck while it stands at the point. */
export function runStrikeCase(setting: Setting, point: FaultPoint, victim: Victim, what: string, strike: Strike): Promise<CaseResult> {
  const { stage, scenario } = setting;
  const { service } = stage;
  return judged(setting, `${pointText(point)} ${what}`, victim, async (start) => {
    const begun = Promise.withResolvers<WorkflowHandle>();
    let hit = false;
    const instrumented = instrument(stage.workerHost(scenario.host ?? 'own').config, strikeAt(point, async () => {
      hit = await strike(service, await begun.promise);
    }, setting.haste));
    return withWorker(() => stage.startWorker(instrumented, twistOf(scenario.name), scenario.host), async () => {
      const run = await start();
      begun.resolve(run);
      const outcome = await endedAndReleased(setting, runToEnd(service, run, endWithinMs));
      const down = await downStores(service);
      await startAgain(service);
      return { missed: !hit, outcome, down };
    });
  });
}

async function downStores(service: ServiceFixture): Promise<readonly ('postgres' | 'redis')[]> {
  const states = await Promise.all((['postgres', 'redis'] as const).map(async (store) => ({ store, state: (await service.runtime.inspect(service[store])).state })));
  return states.filter(({ state }) => state === 'exited').map(({ store }) => store);
}

/** What was killed by hand is started by hand; what its policy starts is waited for. Only then is it looked at. */
async function startAgain(service: ServiceFixture): Promise<void> {
  for (const id of [service.postgres, service.redis]) {
    const { state, restartPolicy } = await service.runtime.inspect(id);
    if (state === 'exited' && restartPolicy.name === 'always') await service.runtime.start(id);
  }
  await waitFor(async () => (await service.sql('SELECT 1')) === '1' && (await service.redisCli('PING')) === 'PONG', 60_000).catch(() => undefined);
}

/** The run is terminated from outside at the point. `dies`: its worker with it. `goesOn`: its worker does not know yet and goes on with the step. */
export function runTerminateCase(setting: Setting, point: FaultPoint, then: 'dies' | 'goesOn'): Promise<CaseResult> {
  const { service } = setting.stage;
  return judged(setting, `${pointText(point)} terminated, worker ${then === 'dies' ? 'dies' : 'goes on'}`, 'terminate', async (start) => {
    const worker = setting.nextWorker();
    await worker.serve(await doomedOrder(setting, point, 'hold'));
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
export function runStoppedCase(setting: Setting, point: FaultPoint): Promise<CaseResult> {
  const { service } = setting.stage;
  return judged(setting, `${pointText(point)} worker stopped and woken`, 'stopped', async (start) => {
    const worker = setting.nextWorker();
    await worker.serve(await doomedOrder(setting, point, 'hold'));
    const run = await start();
    const ended = runToEnd(service, run, endWithinMs);
    const reached = await Promise.race([worker.reached.then(() => true), ended.then(() => false)]);
    worker.signal('SIGSTOP');
    worker.goOn();
    return withWorker(startHealthy(setting), async () => {
      const outcome = await endedAndReleased(setting, ended);
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
