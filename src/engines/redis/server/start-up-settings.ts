/**
 * What the server will be told when it starts again, as far as its command line and configuration file say: a restore restarts it, and a
 * server that was switched by CONFIG SET comes back the way it was. With its AOF back on it would ignore a restored RDB and start empty.
 */
import { posix } from 'node:path';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { EngineContext } from '../../engine-context.ts';
import type { RedisServer } from './server-facts.ts';

const decisive = ['appendonly', 'dir', 'dbfilename', 'appenddirname', 'appendfilename'] as const;

/** @throws UnsupportedTopology where a setting that decides what is loaded differs from the one it will start with */
export async function requireSameAfterRestart(ctx: EngineContext, server: RedisServer): Promise<void> {
  const fromFile = fileSettings(await configurationFile(ctx, server));
  const fromCommand = commandSettings(server.container.command);
  for (const name of decisive) {
    const [now, then] = [server.settings.get(name), fromCommand.get(name) ?? fromFile.get(name)];
    if (now === undefined || then === undefined || sameSetting(name, now, then) || (name === 'dir' && !then.startsWith('/'))) continue;
    throw new HoldfastFailure('UnsupportedTopology', {
      operation: 'inspect Redis', object: server.container.name, cause: `it runs with ${name} ${now} and will start again with ${name} ${then}`,
      hint: 'A restore restarts it. Make the running setting and the one in its command or file the same first (CONFIG REWRITE, or CONFIG SET).',
    });
  }
}

/** Is it the same to Redis? A directory is, with or without a slash at its end or twice in it. Pure. */
export function sameSetting(name: (typeof decisive)[number], now: string, then: string): boolean {
  const plain = (value: string): string => (name === 'dir' ? posix.normalize(`${value}/`) : value);
  return plain(now) === plain(then);
}

/** `--name value` pairs; a later one wins. Pure. */
export function commandSettings(command: readonly string[]): Map<string, string> {
  const settings = new Map<string, string>();
  command.forEach((argument, index) => {
    const value = command[index + 1];
    if (argument.startsWith('--') && value !== undefined && !value.startsWith('--')) settings.set(argument.slice(2).toLowerCase(), value);
  });
  return settings;
}

/** `name value` lines; quotes around a plain value are taken off, a value with escapes is left out: it cannot be told. Pure. */
export function fileSettings(text: string): Map<string, string> {
  const settings = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([a-z-]+)\s+(?:"([^"\\]*)"|'([^'\\]*)'|([^\s"'\\]+))\s*$/i.exec(line);
    if (match !== null) settings.set((match[1] as string).toLowerCase(), match[2] ?? match[3] ?? match[4] ?? '');
  }
  return settings;
}

/** The text stays in this process: it may hold passwords. */
async function configurationFile(ctx: EngineContext, server: RedisServer): Promise<string> {
  const path = server.info.get('config_file') ?? '';
  if (path === '') return '';
  const result = await ctx.runtime.exec(server.container.id, { argv: ['cat', '--', path], timeoutMs: ctx.timing.execMs, signal: ctx.signal });
  return result.exitCode === 0 ? result.stdout : '';
}
