/**
 * Fault-injecting wrappers around what the composition root built: every activity, and within it every call that changes something on the
 * engine, in the repository or in Temporal. The product's code runs between them unchanged.
 */
import { Context } from '@temporalio/activity';
import type { ActivityDependencies } from '../../../src/activities/dependencies.ts';
import type { Activities } from '../../../src/activities/index.ts';
import type { Config } from '../../../src/config/config.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import type { WorkerHooks } from '../../../src/worker/create-worker.ts';
import type { ActivityCall } from './fault-point.ts';

/** What is told of a run's progress; each may hold it up, or never return. */
export interface Probe {
  before?(call: ActivityCall): Promise<void>;
  after?(call: ActivityCall): Promise<void>;
  /**
   * Stands around one call: `runtime.exec#2` is the second exec of the activity's attempt. Must run it. `atWork` answers, while it runs,
   * whether what it is about is under way: a helper that is waited for runs, anything else has begun.
   */
  around?<T>(call: ActivityCall, name: string, run: () => Promise<T>, atWork: () => Promise<boolean>): Promise<T>;
}

export interface Instrumented {
  wrap(dependencies: ActivityDependencies): ActivityDependencies;
  readonly hooks: WorkerHooks;
}

/** Calls that change something or take long: whole artifacts are read in `openRead` and `digest`. Small reads are not worth dying in, for nothing differs from dying before the next change. */
const changing = {
  runtime: ['create', 'start', 'wait', 'stop', 'restart', 'kill', 'remove', 'updateRestartPolicy', 'exec', 'writeArchive', 'createVolume', 'removeVolume', 'createNetwork', 'createIsolatedNetwork', 'removeNetwork'],
  storage: ['createExclusive', 'putStream', 'openRead', 'digest', 'remove', 'removeTree', 'attemptDirectory', 'adopt'],
  runs: ['endLease'],
};

export function instrument(config: Config, probe: Probe): Instrumented {
  const calls = createCallBook();
  const watched = <T extends object>(prefix: string, names: readonly string[], target: T, atWork?: (name: string, args: readonly unknown[]) => Promise<boolean>): T =>
    wrapMethods(target, names, (name, args, run) => {
      const site = calls.current();
      if (site === null || probe.around === undefined) return run();
      return probe.around(site.call, site.numbered(`${prefix}.${name}`), run, () => atWork?.(name, args) ?? Promise.resolve(true));
    });
  return {
    wrap: (dependencies) => ({
      ...dependencies,
      runtime: watched('runtime', changing.runtime, dependencies.runtime, async (name, [id]) =>
        name !== 'wait' || (await dependencies.runtime.find(String(id)))?.state === 'running'),
      repositories: new Map(config.repositories.map(({ name, path }) => [name, createRepository(name, watched('storage', changing.storage, createLocalStorage(path)))])),
      runs: watched('runs', changing.runs, dependencies.runs),
    }),
    hooks: {
      wrapActivities: (activities) => wrapActivities(activities, async (input, run) => {
        const { call } = calls.begin(input);
        await probe.before?.(call);
        const result = await run();
        await probe.after?.(call);
        return result;
      }),
    },
  };
}

interface CallSite {
  readonly call: ActivityCall;
  numbered(name: string): string;
}

/** Which activity call is executing: by Temporal's own context, which follows every asynchronous step of it. */
function createCallBook(): { begin(input: unknown): CallSite; current(): CallSite | null } {
  const sites = new WeakMap<Context, CallSite>();
  const known = new Map<string, ActivityCall>();
  const counts = new Map<string, number>();
  return {
    begin: (input) => {
      const context = Context.current();
      const { activityId, activityType, workflowType, workflowExecution } = context.info;
      const id = `${workflowExecution?.runId}/${activityId}`;
      const call = known.get(id) ?? numbered({ runbook: workflowType ?? '', activity: activityType, component: componentOf(input) }, workflowExecution?.runId ?? '');
      known.set(id, call);
      const made = new Map<string, number>();
      const site: CallSite = {
        call,
        numbered: (name) => {
          made.set(name, (made.get(name) ?? 0) + 1);
          return `${name}#${made.get(name)}`;
        },
      };
      sites.set(context, site);
      return site;
    },
    current: () => {
      try {
        return sites.get(Context.current()) ?? null;
      } catch {
        return null; // Outside any activity: the worker's own start-up.
      }
    },
  };

  function numbered(call: Omit<ActivityCall, 'number'>, runId: string): ActivityCall {
    const key = `${runId}/${call.activity}/${call.component}`;
    const number = (counts.get(key) ?? 0) + 1;
    counts.set(key, number);
    return { ...call, number };
  }
}

function componentOf(input: unknown): string | null {
  const component = (input as { component?: string | { name?: string } } | null)?.component;
  if (typeof component === 'string') return component;
  return component?.name ?? null;
}

type Around = (input: unknown, run: () => Promise<unknown>) => Promise<unknown>;

function wrapActivities(activities: Activities, around: Around): Activities {
  const wrapped = Object.entries(activities).map(([name, activity]) => [name, (input: unknown) => around(input, () => (activity as (input: unknown) => Promise<unknown>)(input))]);
  return Object.fromEntries(wrapped) as Activities;
}

function wrapMethods<T extends object>(target: T, names: readonly string[], around: (name: string, args: readonly unknown[], run: () => Promise<unknown>) => Promise<unknown>): T {
  return new Proxy(target, {
    get: (object, name) => {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== 'function') return value;
      // Bound to the object itself: a class with private members does not know its proxy.
      const method = value.bind(object) as (...args: unknown[]) => Promise<unknown>;
      if (typeof name !== 'string' || !names.includes(name)) return method;
      return (...args: unknown[]) => around(name, args, () => method(...args));
    },
  });
}
