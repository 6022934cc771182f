/** The first process of a container, as this machine numbers it. */
import { engineCall } from '../../support/engine-call.ts';
import { dockerHost } from '../../support/test-environment.ts';

/** 0 where it does not run. */
export async function firstProcess(container: string): Promise<number> {
  const { State } = JSON.parse(await engineCall(dockerHost(), 'GET', `/containers/${container}/json`)) as { State: { Pid: number } };
  return State.Pid;
}
