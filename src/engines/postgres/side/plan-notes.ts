/** Differences between the server and the backup that do not stop a restore, for the plan. */
import type { DatabaseProperties, PostgresDump } from '../../../domain/backup-manifest.ts';
import type { EngineContext } from '../../engine-context.ts';
import type { Inspection } from '../inspect.ts';
import { queryJson } from '../server/psql.ts';
import { sqlFiles } from '../server/script-text.ts';
import type { ServerPlace } from './side-database.ts';

interface LiveFacts {
  readonly properties: DatabaseProperties;
  readonly roles: readonly { readonly name: string }[];
  readonly extensions: readonly { readonly name: string; readonly version: string }[];
}

/** Sentences; empty where everything is as it was. */
export async function planNotes(ctx: EngineContext, place: ServerPlace, { server }: Inspection, backup: PostgresDump): Promise<readonly string[]> {
  const version = server.majorVersion === backup.server.majorVersion ? [] : [`The backup is of PostgreSQL ${backup.server.version}, the server is ${server.version}.`];
  const isMissing = server.databaseOid === 0;
  const live = await queryJson<LiveFacts>(ctx, { ...place, database: isMissing ? null : place.component.database, operation: 'read what the plan shows', sql: `SET search_path = '';\n${sqlFiles['facts.sql']}` });
  if (isMissing) return [...version, ...missingRoles(backup, live)];
  return [...version, ...missingRoles(backup, live), ...propertyNotes(backup.properties, live.properties), ...extensionNotes(backup, live)];
}

function missingRoles(backup: PostgresDump, live: LiveFacts): string[] {
  const names = new Set(live.roles.map(({ name }) => name));
  return backup.roles.filter((role) => role.referenced && !names.has(role.name)).map(({ name }) => `Role ${name} is missing: it is created without login; login, password and memberships come back once the restored database is open.`);
}

/** Pure: what the database's properties will be instead of what they are. */
export function propertyNotes(backup: DatabaseProperties, live: DatabaseProperties): string[] {
  const plain = ['owner', 'connectionLimit', 'encoding', 'collate', 'ctype', 'locale', 'comment'] as const;
  const changed = plain.filter((name) => backup[name] !== live[name]).map((name) => `The database's ${name} becomes ${backup[name] ?? 'none'} (now ${live[name] ?? 'none'}).`);
  const settingText = (properties: DatabaseProperties): string[] => properties.settings.map(({ role, name, value }) => `${role === null ? '' : `${role}: `}${name}=${value}`);
  const [before, now] = [new Set(settingText(backup)), new Set(settingText(live))];
  // Names only: a setting's value may be a secret of the application's.
  const names = (settings: Iterable<string>): string => [...settings].map((text) => text.slice(0, text.indexOf('='))).join(', ');
  const lost = [...now].filter((text) => !before.has(text));
  const back = [...before].filter((text) => !now.has(text));
  const permissions = JSON.stringify([...backup.acl ?? []].sort()) === JSON.stringify([...live.acl ?? []].sort()) ? [] : ['Permissions on the database become those of the backup.'];
  return [...changed, ...permissions, ...(back.length > 0 ? [`Database settings that come back: ${names(back)}.`] : []), ...(lost.length > 0 ? [`Database settings that go or change: ${names(lost)}.`] : [])];
}

/** CREATE EXTENSION installs the image's own version (databases.md L7). */
function extensionNotes(backup: PostgresDump, live: LiveFacts): string[] {
  const versions = new Map(live.extensions.map(({ name, version }) => [name, version]));
  return backup.extensions.filter(({ name, version }) => versions.get(name) !== version)
    .map(({ name, version }) => `Extension ${name} was at ${version} in the backup; the restored database gets the version of the server's image (now ${versions.get(name) ?? 'not installed'}).`);
}
