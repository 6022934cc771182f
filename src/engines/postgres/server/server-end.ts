/** Why a server of ours has ended, told in one place for all of them: what somebody else did to it, and a disk that ran full, say nothing of what it ran on. */
import type { ContainerFacts } from '../../../containers/container-runtime.ts';
import { endedByOthers, lostServer } from '../../../containers/ended-by-others.ts';
import type { ScratchResource } from '../../../containers/scratch.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { EngineContext } from '../../engine-context.ts';
import { diskFullIn } from './psql-failure.ts';

const logLimitBytes = 1024 * 1024;

/** What a server says of signals that nobody of ours sends: no data makes it say so. Of a process that crashes by itself it names others (SEGV, ABRT, BUS). */
const signalled = /^[^\n]*LOG: +(?:received immediate shutdown request$|startup process \(PID \d+\) was terminated by signal (?:1|2|3|9|15)\b)/m;

type Ended = Pick<ContainerFacts, 'name' | 'state' | 'exitCode' | 'oomKilled'>;

/** Also where it was told to end, and did so well: of itself none does. */
const byOthers = (facts: Ended, log: string): boolean => endedByOthers(facts) || (!facts.oomKilled && (facts.exitCode === 0 || signalled.test(log)));

/** @param log since it was started last @param ofItself what it is where only the server's own words tell; pure */
export function whyEnded(operation: string, facts: Ended, log: string, ofItself: (log: string) => HoldfastFailure): HoldfastFailure {
  if (byOthers(facts, log)) return lostServer(operation, facts);
  const full = diskFullIn(log);
  if (full === null) return ofItself(log);
  return new HoldfastFailure('DiskFull', { operation, object: facts.name, cause: full, hint: 'Make room on the file system that its data lies on, of the Docker engine\'s volumes as a rule, then start again. Nothing live was changed.' });
}

/** For a limit that we have set ourselves: a copy of somebody's server has the one that it had. */
export const outOfMemory = (operation: string, { name }: Pick<ContainerFacts, 'name'>): HoldfastFailure =>
  new HoldfastFailure('HelperFailed', { operation, object: name, cause: 'it ran out of the memory that it is allowed', hint: 'This says nothing about the backup: it takes a machine with more memory.' });

/** @throws what {@link whyEnded} makes of it where it does not run, in whatever state; HelperLost where somebody has removed it */
export async function requireRunning(ctx: Pick<EngineContext, 'runtime'>, operation: string, server: Pick<ScratchResource, 'id' | 'name'>, ofItself: (log: string, facts: ContainerFacts) => HoldfastFailure): Promise<void> {
  const facts = await ctx.runtime.find(server.id);
  if (facts === null) throw removed(operation, server.name);
  if (facts.state !== 'running') throw whyEnded(operation, facts, await serverLog(ctx, operation, server), (log) => ofItself(log, facts));
}

export const removed = (operation: string, name: string): HoldfastFailure => lostServer(operation, { name, state: 'removing', exitCode: null });

/** A container that is started again keeps the log of before: a server says first of all that it starts (`starting PostgreSQL 17.11 …`). @throws HelperLost where somebody removes it */
export async function serverLog({ runtime }: Pick<EngineContext, 'runtime'>, operation: string, { id, name }: Pick<ScratchResource, 'id' | 'name'>): Promise<string> {
  const log = await runtime.logs(id, logLimitBytes).catch((error: unknown) => {
    throw isFailure(error, 'ContainerNotFound') || isFailure(error, 'ContainerNotRunning') ? removed(operation, name) : error;
  });
  return log.slice(Math.max(0, log.lastIndexOf('LOG:  starting PostgreSQL ')));
}
