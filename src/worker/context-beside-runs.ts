/** What is given to whatever is looked after beside every run: in this host's worker process, and of no workflow. */
import type { ActivityDependencies } from '../activities/dependencies.ts';
import type { WalContext } from '../engines/wal-source.ts';

export const contextBesideRuns = ({ runs, runtime, timing, resolveSecret }: Pick<ActivityDependencies, 'runs' | 'runtime' | 'timing' | 'resolveSecret'>, service: string, signal: AbortSignal): WalContext =>
  ({ namespaceId: runs.namespaceId, service, runtime, timing, signal, secret: resolveSecret });
