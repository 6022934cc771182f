/** Work that goes on at once, of which nothing may go on alone: what uses a file, or a container, has ended before that is closed. Pure. */

/** What all of them answer, when the last has ended; where some fail, the failure of the first of them in this order. */
export async function allEnded<T extends readonly unknown[] | []>(running: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  for (const each of await Promise.allSettled(running)) if (each.status === 'rejected') throw each.reason;
  return Promise.all(running);
}
