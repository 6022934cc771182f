/** What receives the log of a bench's server: whether it does, and the same held up as by a disk that does not answer. */
import { readFileSync, readdirSync } from 'node:fs';
import { waitFor } from '../../support/service-fixture.ts';
import type { BenchServer } from '../bench-server.ts';

/** Seconds from the server's first answer until its log is received, and from the moment it was started. */
export interface Return { readonly sinceAnswer: number; readonly sinceStart: number }

const patienceMs = 120_000;

/** Of a server that was just started. */
export async function untilReceived(server: BenchServer, startedAtMs: number): Promise<Return> {
  await waitFor(async () => (await server.sql('SELECT 1')) === '1', patienceMs);
  const answeredAtMs = Date.now();
  await waitFor(async () => (await server.sql('SELECT count(*) FROM pg_replication_slots WHERE active')) === '1', patienceMs);
  const now = Date.now();
  return { sinceAnswer: (now - answeredAtMs) / 1000, sinceStart: (now - startedAtMs) / 1000 };
}

/** pg_receivewal stops in the midst of whatever it does; what samples the server's positions goes on. It ends with its container. */
export async function holdUpReceiver(server: BenchServer): Promise<void> {
  const slot = await server.sql('SELECT slot_name FROM pg_replication_slots WHERE active');
  const found = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => isReceiverOf(slot, pid));
  if (slot === '' || found.length === 0) throw new Error(`no process of this machine receives through the slot "${slot}"`);
  for (const pid of found) process.kill(Number(pid), 'SIGSTOP');
}

/** A process that has ended meanwhile has no command line. */
function isReceiverOf(slot: string, pid: string): boolean {
  try {
    const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return program.endsWith('pg_receivewal') && args.includes(`--slot=${slot}`);
  } catch {
    return false;
  }
}
