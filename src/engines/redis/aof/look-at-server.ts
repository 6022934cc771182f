/** Does what is written to a server now reach its AOF, each second marked? Asked by single commands; nothing is set. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { RedisComponent } from '../../../domain/service.ts';
import type { AofServerState } from '../../aof-source.ts';
import type { WalContext } from '../../wal-source.ts';
import { execRedisCommands } from '../server/redis-cli.ts';
import { parseInfo } from '../server/server-facts.ts';
import { unsupported } from './follower.ts';

/** Settings without which no second can be come back to, each with what it has to be. */
const needed = { appendonly: 'yes', 'aof-timestamp-enabled': 'yes', 'aof-use-rdb-preamble': 'yes' } as const;

export async function lookAtServer(ctx: WalContext, component: RedisComponent): Promise<AofServerState> {
  const container = await ctx.runtime.inspect(component.container);
  if (container.state !== 'running') throw new HoldfastFailure('ContainerNotRunning', { operation: 'look at the AOF', object: component.container, cause: `the container is ${container.state}`, hint: 'Start it.' });
  const { stdout } = await execRedisCommands(ctx, { component, containerId: container.id }, [`CONFIG GET ${Object.keys(needed).join(' ')}`, 'TIME', 'INFO everything']);
  const [settings = '', time = '', ...info] = stdout.split('\n');
  const second = Number(/^\["?(\d+)/.exec(time)?.[1] ?? Number.NaN);
  if (!settings.startsWith('{') || !Number.isSafeInteger(second)) throw new HoldfastFailure('DatabaseUnreachable', { operation: 'look at the AOF', object: component.container, cause: settings.trim().slice(0, 200) || 'it does not answer', hint: 'The user has to be allowed CONFIG GET, TIME and INFO.' });
  return judged(component, JSON.parse(settings) as Record<string, string>, parseInfo(info.join('\n')), second);
}

/** Pure. @throws UnsupportedTopology */
export function judged(component: RedisComponent, settings: Readonly<Record<string, string>>, info: ReadonlyMap<string, string>, second: number): AofServerState {
  if (info.get('role') !== 'master') throw unsupported(component, 'it is a replica: what it holds is decided elsewhere', 'Name the master in holdfast.yaml.');
  if ((info.get('redis_mode') ?? info.get('server_mode') ?? 'standalone') !== 'standalone') throw unsupported(component, 'it is no single server', 'Holdfast handles single Redis servers.');
  if (settings['aof-timestamp-enabled'] === undefined) throw unsupported(component, 'this version keeps no timestamps in its AOF', 'Use Redis 7 or newer, or Valkey; or take `aof: archive` out of holdfast.yaml.');
  const told = { second, settings: settingsOf(info) };
  const problem = missingForSeconds(settings);
  if (problem !== null) return { ...told, state: 'off', problem };
  if (info.get('aof_last_write_status') !== 'ok' && info.has('aof_last_write_status')) return { ...told, state: 'off', problem: { cause: 'Redis cannot write its AOF', hint: 'See its log, and the free space of its data directory.' } };
  // Turned on, it waits for a first rewrite, and says that it is on all the while.
  const rewriting = info.get('aof_rewrite_in_progress') !== '0' || info.get('aof_rewrite_scheduled') !== '0' || info.get('aof_enabled') !== '1';
  return { ...told, state: rewriting ? 'unsure' : 'on', problem: null };
}

/** The start of the server, and how often settings were changed, or those counts reset, since. */
function settingsOf(info: ReadonlyMap<string, string>): string | null {
  const calls = (name: string): string => /^calls=(\d+)/.exec(info.get(`cmdstat_config|${name}`) ?? '')?.[1] ?? '0';
  const run = info.get('run_id');
  return run === undefined || !info.has('cmdstat_config|get') ? null : [run, calls('set'), calls('resetstat')].join(' ');
}

/** What of a server's settings keeps seconds from being come back to, and the lines that change it; null where nothing does. Pure. */
export function missingForSeconds(settings: Readonly<Record<string, string>>): AofServerState['problem'] {
  const wrong = Object.entries(needed).filter(([name, value]) => settings[name] !== value);
  if (wrong.length === 0) return null;
  // With timestamps first: what is written before them is of no second. The AOF last, which begins it anew.
  const lines = wrong.toSorted(([a], [b]) => Number(a === 'appendonly') - Number(b === 'appendonly')).map(([name, value]) => `CONFIG SET ${name} ${value}`);
  const restarts = settings['appendonly'] === 'yes' ? ['BGREWRITEAOF'] : [];
  return { cause: `it runs with ${wrong.map(([name]) => `${name} ${settings[name] ?? 'unknown'}`).join(', ')}`, hint: `Run ${[...lines, ...restarts].join('; ')}; then CONFIG REWRITE, or set the same in its file or command, so that it stays so. Holdfast sets none of it.` };
}
