/** The end of a receiver that nobody needs any more, or that belongs to a database which is another one now: its container, its slot, its volume. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import type { PostgresComponent, WalMode } from '../../domain/service.ts';
import { refusalToForget, unstoredOf, type ForgettableLog } from '../../domain/wal/forgettable-log.ts';
import { historyName } from '../../domain/wal/segment.ts';
import type { EngineContext } from '../../engines/engine-context.ts';
import { pollUntil } from '../../containers/wait-until.ts';
import { firstRepository, inEngineContext, serviceNamed } from '../activity-run.ts';
import { requireRunbook } from '../authority.ts';
import type { ActivityDependencies } from '../dependencies.ts';

const modes: readonly WalMode[] = ['stream', 'archive'];

export interface ForgetPlan {
  readonly logs: readonly ForgettableLog[];
  /** Lower-case hex SHA-256 over which receivers would go. */
  readonly digest: string;
}

export function createForgetActivities(dependencies: ActivityDependencies) {
  const { logServers, readLog, nowMs } = dependencies;

  /** Null where nothing was made for keeping the log in that way. */
  async function forgettable(context: EngineContext, component: PostgresComponent, mode: WalMode): Promise<ForgettableLog | null> {
    const received = await logServers.received(context, component, mode);
    if (received === null) return null;
    const { cluster: { systemIdentifier, segmentSizeBytes }, files, position } = received;
    const { wal } = firstRepository(dependencies, context.service);
    const key = { service: context.service, component: component.name, systemIdentifier, segmentSizeBytes };
    const obstacle = await logServers.obstacleToForget(context, component, mode);
    return {
      component: component.name, container: component.container, systemIdentifier, ...(mode === 'archive' ? { by: mode } : {}),
      unstored: unstoredOf(files, await wal.holdings(key), [...(await wal.histories(key)).keys()].map(historyName), position),
      refusal: refusalToForget(await readLog(context.service, component.name), nowMs(), mode)
        ?? (obstacle === null ? null : { cause: obstacle, hint: 'Take it out there, make the container anew, then try again.' }),
    };
  }

  return {
    /** Reads only. @throws UnknownService, RepositoryUnreachable, RepositoryDamaged */
    planForgetLogs: (input: { service: string }): Promise<ForgetPlan> => inEngineContext(dependencies, input.service, async (context) => {
      const logs: ForgettableLog[] = [];
      for (const component of serviceNamed(dependencies, input.service).components) {
        if (component.engine !== 'postgres') continue;
        for (const mode of modes) {
          const log = await forgettable(context, component, mode);
          if (log !== null) logs.push(log);
        }
      }
      const what = logs.map(({ component, container, systemIdentifier, by }) => ({ component, container, systemIdentifier, ...(by === undefined ? {} : { by }) }));
      return { logs, digest: createHash('sha256').update(`holdfast-forget-logs-v1\n${canonicalJson(what)}`).digest('hex') };
    }),

    /**
     * What is in the volume, or the spool, is lost. Idempotent.
     * @throws ApprovalNotForThisRun, ServiceBusy while a worker keeps the log, DatabaseUnreachable, ContainerNotRunning (the slot cannot be dropped, the settings not taken back), AmbiguousState, LeftoversRemain
     */
    forgetLog: (input: { service: string; component: PostgresComponent; by?: 'archive' }): Promise<void> => inEngineContext(dependencies, input.service, async (context) => {
      requireRunbook('forgetWal');
      const { component } = input;
      const mode = input.by ?? 'stream';
      const refusal = refusalToForget(await readLog(input.service, component.name), nowMs(), mode);
      if (refusal !== null) throw new HoldfastFailure('ServiceBusy', { operation: 'forget the receiver', object: component.container, ...refusal });
      let failure: unknown;
      // Of a database that is another one now, the keeper looks at the volume every two seconds, through a container that it removes.
      const gone = await pollUntil(async () => {
        try {
          await logServers.forget(context, component, mode);
          return true;
        } catch (error) {
          if (!isFailure(error, 'LeftoversRemain')) throw error;
          failure = error;
          return null;
        }
      }, { withinMs: dependencies.timing.fenceMs, everyMs: dependencies.timing.pollMs, signal: context.signal });
      if (gone === null) throw failure;
    }),
  };
}
