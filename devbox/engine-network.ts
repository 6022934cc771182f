import { basename } from 'node:path';
import { runCommand } from './run-command.ts';

/**
 * The private engine is told to leave the machine's packet filter alone: an engine that manages it flushes the rules
 * of every other engine on the machine when it starts. What remains to be done is one rule, for where another engine
 * or a firewall drops forwarded packets and bridged ones count as such.
 */
export interface EngineNetwork {
  /** All networks of this engine are cut from here; another state directory's engine has other addresses. */
  subnet: string;
  comment: string;
}

/** Network settings of the engine with this runtime directory. Small nets: a parallel test run wants many. */
export function engineNetwork(runtime: string): EngineNetwork {
  const comment = basename(runtime);
  const octet = 128 + (Number.parseInt(comment.slice(-8), 16) % 96);
  return { subnet: `10.${octet}.0.0/16`, comment };
}

/** Lets packets between containers of this engine pass. Idempotent; without iptables there is nothing to pass. */
export async function admitTraffic(network: EngineNetwork): Promise<void> {
  if ((await iptables('-C', network)).exitCode !== 0) await iptables('-I', network);
}

/** Takes the rule back. Idempotent. */
export async function withdrawTraffic(network: EngineNetwork): Promise<void> {
  await iptables('-D', network);
}

function iptables(action: '-C' | '-I' | '-D', network: EngineNetwork): ReturnType<typeof runCommand> {
  const rule = ['-s', network.subnet, '-d', network.subnet, '-m', 'comment', '--comment', network.comment, '-j', 'ACCEPT'];
  return runCommand('iptables', ['-w', '10', action, 'FORWARD', ...rule], { timeoutMs: 15_000, cleanUp: action === '-D' });
}
