/** What the end of a program of somebody else's says of the restored data: nothing, where it could not begin, or its memory was not enough. Pure. */

/** What the programs that begin containers end with where there is nothing to begin. */
const notBegun: ReadonlySet<number> = new Set([125, 126, 127]);
/** By SIGKILL: a drill sends none to what it waits for, and the kernel does at the memory limit. */
const killed = 137;

export interface GuestEnd {
  /** Null of one that runs. */
  readonly exitCode: number | null;
  /** Did the kernel end a process of it at the limit? */
  readonly oomKilled: boolean;
}

/** `byItself`: with an exit code of its own, or not at all. */
export function guestEnd({ exitCode, oomKilled }: GuestEnd): 'notBegun' | 'outOfMemory' | 'byItself' {
  if (oomKilled || exitCode === killed) return 'outOfMemory';
  return exitCode !== null && notBegun.has(exitCode) ? 'notBegun' : 'byItself';
}
