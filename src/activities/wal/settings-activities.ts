/** The settings that a server's log depends on: what they are to be, making them so, and the restart that some of them need. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import { planFor } from '../../domain/wal/archiving-plan.ts';
import { parseLimitMb, refuseLimit } from '../../domain/wal/log-settings.ts';
import { engineOf, inEngineContext, refuseBusyStore, serviceNamed } from '../activity-run.ts';
import { requireRunbook } from '../authority.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { ServerSettingsPlan, SettingChange } from '../../domain/wal/server-settings.ts';

export interface LogSettingsPlan {
  readonly servers: readonly ServerSettingsPlan[];
  /** Lower-case hex SHA-256 over what would be changed and restarted: the same as long as that is the same. */
  readonly digest: string;
}

export function createSettingsActivities(dependencies: ActivityDependencies) {
  const { logServers, runtime } = dependencies;
  return {
    /** Reads only. @throws UnknownService, InvalidInput (a limit that cannot be, no PostgreSQL), UnsupportedTopology (in recovery), and what reading the server throws */
    planLogSettings: (input: { service: string; slotLimit?: string; replace?: boolean; incremental?: boolean }): Promise<LogSettingsPlan> => inEngineContext(dependencies, input.service, async (context) => {
      const limitMb = input.slotLimit === undefined ? null : parseLimitMb(input.slotLimit);
      const servers: ServerSettingsPlan[] = [];
      for (const component of serviceNamed(dependencies, input.service).components) {
        if (component.engine !== 'postgres') continue;
        const facts = await logServers.read(context, component);
        if (facts.inRecovery) throw new HoldfastFailure('UnsupportedTopology', { operation: 'look at the settings of the log', object: component.container, cause: 'the server is in recovery: a standby, or a copy that was not opened', hint: 'Receive the log of its primary.' });
        const refusal = limitMb === null ? null : refuseLimit(limitMb, facts);
        if (refusal !== null) throw new HoldfastFailure('InvalidInput', { operation: 'read the limit of the slot', object: input.slotLimit ?? '', cause: refusal, hint: 'Name another one, or none: half of what is free is recommended then.' });
        servers.push(planFor({ component: component.name, container: component.container }, facts, { limitMb, replace: input.replace === true, incremental: input.incremental === true }));
      }
      if (servers.length === 0) throw new HoldfastFailure('InvalidInput', { operation: 'look at the settings of the log', object: input.service, cause: 'the service has no PostgreSQL', hint: 'Only PostgreSQL has a log that is kept.' });
      const what = servers.map(({ component, container, changes, pendingRestart }) => ({ component, container, pendingRestart, statements: changes.map(({ statement }) => statement) }));
      return { servers, digest: createHash('sha256').update(`holdfast-log-settings-v1\n${canonicalJson(what)}`).digest('hex') };
    }),

    /** Permanently, and at once where no restart is needed. Idempotent. @throws ApprovalNotForThisRun, ForeignFence, PermissionDenied, AmbiguousState */
    changeLogSettings: (input: { service: string; component: PostgresComponent; changes: readonly SettingChange[] }): Promise<void> => inEngineContext(dependencies, input.service, async (context) => {
      requireRunbook('enableWal');
      await refuseBusyStore(dependencies, await runtime.inspect(input.component.container));
      await logServers.change(context, input.component, input.changes);
    }),

    /**
     * Restarts the database's container where a setting of the log waits for that, and returns when it answers: each session on it ends. A retry finds none
     * waiting any more. @throws ApprovalNotForThisRun, ForeignFence, ContainerNotRunning, AmbiguousState where they wait all the same
     */
    restartForSettings: (input: { service: string; component: PostgresComponent }): Promise<{ readonly restarted: boolean }> => inEngineContext(dependencies, input.service, async (context) => {
      requireRunbook('enableWal');
      const { component } = input;
      const waiting = async (): Promise<readonly string[]> => planFor({ component: component.name, container: component.container }, await logServers.read(context, component), { limitMb: null, replace: false }).pendingRestart;
      // An attempt before this one may have restarted it a moment ago.
      await engineOf(dependencies, component).waitUntilReady(context, component);
      if ((await waiting()).length === 0) return { restarted: false };
      const { id } = await runtime.inspect(component.container);
      await refuseBusyStore(dependencies, await runtime.inspect(id));
      await runtime.restart(id, dependencies.timing.stopMs);
      await engineOf(dependencies, component).waitUntilReady(context, component);
      const left = await waiting();
      if (left.length === 0) return { restarted: true };
      throw new HoldfastFailure('AmbiguousState', { operation: 'restart the database', object: component.container, cause: `${left.join(', ')} still wait for a restart`, hint: 'See the server\'s log for what keeps it from taking them over.' });
    }),
  };
}
