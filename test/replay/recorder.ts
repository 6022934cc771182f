/** What a recording needs: a service whose parts can be told to fail, and a place for the histories. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import protoUtils from '@temporalio/common/lib/proto-utils.js';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import { rejectUpdate, statusQuery } from '../../src/workflows/shared/messages.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';

/** Told one by one, each until it is taken back. */
export interface Faults {
  /** No exchange works, for a reason that no retry mends. */
  swap: boolean;
  /** PostgreSQL's snapshot comes out a minute away from Redis's, once. */
  skew: boolean;
  /** Nothing can be proven. */
  proof: boolean;
  /** PostgreSQL's exchange is done and then takes for ever; called when it has come to that. */
  hold: (() => void) | null;
  healthy: boolean;
}

export interface Recorder {
  readonly service: ServiceFixture;
  readonly faults: Faults;
  /** Waits for the end and keeps the history. @throws when the run ended otherwise than it says: `COMPLETED`, `CANCELLED`, or the failure's type */
  save(shape: string, handle: WorkflowHandle, ended: string): Promise<void>;
  /** Starts it and approves its plan. */
  approved(type: string, input: object): Promise<WorkflowHandle>;
  reject(handle: WorkflowHandle): Promise<void>;
  shapes(): readonly string[];
  stop(): Promise<void>;
}

export async function startRecorder(version: string): Promise<Recorder> {
  const faults: Faults = { swap: false, skew: false, proof: false, hold: null, healthy: true };
  const health = createServer((_request, response) => void response.writeHead(faults.healthy ? 200 : 503).end());
  await new Promise<void>((resolve) => void health.listen(0, '127.0.0.1', resolve));
  const service = await startServiceFixture({
    definition: {
      approval: { required: ['restore', 'undo', 'accept'], fourEyes: false, approvers: [], expiresAfterMs: 30_000 },
      health: { url: `http://127.0.0.1:${(health.address() as AddressInfo).port}/`, withinMs: 1_000 },
    },
  });
  await service.startWorker({ wrap: (dependencies) => withFaults(dependencies, faults) });
  const shapes: string[] = [];
  return {
    service, faults,
    save: async (shape, handle, ended) => {
      const found = await endOf(handle);
      if (found !== ended) throw new Error(`${shape} was to end ${ended}, and ended ${found}`);
      // Stack traces name the clone that recorded them: that is nobody's business.
      const history = protoUtils.historyToJSON(await handle.fetchHistory()).replaceAll(join(import.meta.dirname, '..', '..'), '/holdfast');
      writeFileSync(join(import.meta.dirname, 'histories', `${shape}.${version}.json`), `${history}\n`);
      shapes.push(shape);
      process.stdout.write(`${shape}\n`);
    },
    approved: async (type, input) => {
      const handle = await service.start(type, input);
      await service.approve(handle);
      return handle;
    },
    reject: async (handle) => {
      await service.waitForPhase(handle, 'awaitingApproval');
      const { plan } = await handle.query(statusQuery);
      await handle.executeUpdate(rejectUpdate, { args: [{ digest: plan?.envelope.digest ?? '', runId: plan?.envelope.runId ?? '', by: 'recorder' }] });
    },
    shapes: () => shapes,
    stop: async () => {
      await service.stop();
      health.closeAllConnections();
      health.close();
    },
  };
}

async function endOf(handle: WorkflowHandle): Promise<string> {
  const error: unknown = await handle.result().then(() => undefined, (thrown: unknown) => thrown);
  if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure) return error.cause.type ?? 'a failure without a type';
  return (await handle.describe()).status.name;
}

function withFaults(dependencies: ActivityDependencies, faults: Faults): ActivityDependencies {
  return {
    ...dependencies,
    engineFor: (name) => {
      const engine = dependencies.engineFor(name);
      return {
        ...engine,
        backUp: async (...given) => {
          const backup = await engine.backUp(...given);
          if (!faults.skew || backup.engine !== 'postgres') return backup;
          faults.skew = false;
          return { ...backup, snapshot: { ...backup.snapshot, at: new Date(Date.parse(backup.snapshot.at) - 1_200_000).toISOString() } };
        },
        prove: async (...given) => {
          const proof = await engine.prove(...given);
          return faults.proof ? { ...proof, verdict: 'couldNotVerify', sentence: 'a fault was injected' } : proof;
        },
        swap: async (context, component, cutOver) => {
          if (faults.swap) throw new HoldfastFailure('CutOverFailed', { operation: 'swap', object: component.container, cause: 'a fault was injected', hint: 'none' });
          await engine.swap(context, component, cutOver);
          if (faults.hold === null || name !== 'postgres') return;
          faults.hold();
          await new Promise((_resolve, reject) => void context.signal.addEventListener('abort', () => reject(context.signal.reason as Error), { once: true }));
        },
      };
    },
  };
}
