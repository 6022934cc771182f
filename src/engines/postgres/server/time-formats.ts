/**
 * What decides how a time reads, and which day it is. Functions that were declared immutable and are not, checks and generated columns hold what they answered under what the original had: anywhere
 * else a sound index looks damaged, and a sound row is refused. Its files, where there are any: formats_of in scripts/prelude.sh. Pure.
 */
import type { PostgresDump, ServerFacts } from '../../../domain/backup-manifest.ts';
import { settingsInCommand } from './settings-in-command.ts';

const names: ReadonlySet<string> = new Set(['timezone', 'datestyle', 'intervalstyle']);

/** As the container's command has them. */
export const formatsInCommand = ({ setUp }: Pick<ServerFacts, 'setUp'>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(settingsInCommand(setUp?.command ?? [])).filter(([name]) => names.has(name)));

/** What a database is filled under, where its server's formats are not set otherwise: those of the server as it said itself, and on top of that `ALTER DATABASE … SET`, of everybody. */
export const formatsToFill = ({ timeFormats, properties: { settings } }: Pick<PostgresDump, 'timeFormats' | 'properties'>): readonly { readonly name: string; readonly value: string }[] => [
  ...Object.entries(timeFormats ?? {}).map(([name, value]) => ({ name, value })),
  ...settings.filter(({ role, name }) => role === null && names.has(name.toLowerCase())).map(({ name, value }) => ({ name, value })),
];
