/** What the data needs around it: roles, extensions, settings of the database, and libraries that sort as the indexes were sorted. */
import type { PostgresBackup, PostgresDump } from '../../../domain/backup-manifest.ts';
import { checkName, drillCheck, type DrillCheck } from '../../../domain/drill/check.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { counted } from '../../../domain/wording.ts';
import type { DrillServer } from '../../drill-engine.ts';
import type { EngineContext } from '../../engine-context.ts';
import { queryJson } from '../server/psql.ts';
import { sqlFiles, statements } from '../server/script-text.ts';
import { isOtherLibrary, sortedText, type CollationFacts } from '../server/sorted-otherwise.ts';
import { asRoot } from './drill-connection.ts';

/** What facts.sql says of the server, as far as it is compared. */
export interface SurroundingFacts {
  readonly version: string;
  readonly roles: readonly { readonly name: string; readonly superuser: boolean }[];
  readonly extensions: readonly { readonly name: string; readonly version: string }[];
  readonly properties: Pick<PostgresDump['properties'], 'settings'>;
}

/** A dump says what it needs; a base backup brings all of it along, and only libraries can be others. */
export async function checkSurroundings(ctx: EngineContext, component: PostgresComponent, { containerId }: DrillServer, backup: PostgresBackup): Promise<{ readonly version: string; readonly checks: readonly DrillCheck[] }> {
  const call = { containerId, component: asRoot(component, backup), database: component.database };
  const facts = await queryJson<SurroundingFacts>(ctx, { ...call, operation: 'read roles, extensions and settings', sql: `SET search_path = '';\n${sqlFiles['facts.sql']}`, timeoutMs: ctx.timing.quickActivityMs });
  const sorted = await queryJson<CollationFacts>(ctx, { ...call, operation: 'read the versions of collations', sql: statements['collations.sql'], timeoutMs: ctx.timing.quickActivityMs });
  return { version: facts.version, checks: [...backup.method === 'dump' ? [roleCheck(component.name, backup, facts), extensionCheck(component.name, backup, facts), settingCheck(component.name, backup, facts)] : [], collationCheck(component.name, component.database, sorted, (await ctx.runtime.inspect(containerId)).imageId === backup.server.imageId)] };
}

/** Pure. */
export function roleCheck(component: string, backup: Pick<PostgresDump, 'roles'>, { roles }: Pick<SurroundingFacts, 'roles'>): DrillCheck {
  const there = new Set(roles.map(({ name }) => name));
  const wanted = backup.roles.filter(({ referenced }) => referenced);
  const missing = wanted.filter(({ name }) => !there.has(name)).map(({ name }) => name);
  const check = checkName('roles', component);
  if (missing.length > 0) return drillCheck(check, component, 'roleMissing', `${counted(missing.length, 'role')} that the data names ${missing.length === 1 ? 'is' : 'are'} not there: ${missing.join(', ')}.`);
  return drillCheck(check, component, 'asExpected', `${wanted.length === 1 ? 'The one role' : `All ${wanted.length} roles`} that the data names ${wanted.length === 1 ? 'is' : 'are'} there.`);
}

/** Pure. An extension comes with the image: another version of it is what an upgrade would bring as well. */
export function extensionCheck(component: string, backup: Pick<PostgresDump, 'extensions'>, { extensions }: Pick<SurroundingFacts, 'extensions'>): DrillCheck {
  const there = new Map(extensions.map(({ name, version }) => [name, version]));
  const missing = backup.extensions.filter(({ name }) => !there.has(name)).map(({ name }) => name);
  const other = backup.extensions.filter(({ name, version }) => there.has(name) && there.get(name) !== version);
  const check = checkName('extensions', component);
  if (missing.length > 0) return drillCheck(check, component, 'extensionMissing', `${counted(missing.length, 'extension')} not there: ${missing.join(', ')}.`);
  if (other.length > 0) return drillCheck(check, component, 'harmlessDifference', `The image brings other versions: ${other.map(({ name, version }) => `${name} ${version}, now ${there.get(name) ?? ''}`).join('; ')}.`);
  return drillCheck(check, component, 'asExpected', backup.extensions.length === 0 ? 'The database has no extensions.' : `${counted(backup.extensions.length, 'extension')} there, in the same version.`);
}

/** Pure. Names only: a setting's value may be a secret of the application's. */
export function settingCheck(component: string, backup: Pick<PostgresDump, 'properties'>, { properties }: Pick<SurroundingFacts, 'properties'>): DrillCheck {
  const textOf = ({ role, name, value }: PostgresDump['properties']['settings'][number]): string => JSON.stringify([role, name, value]);
  const there = new Set(properties.settings.map(textOf));
  const missing = backup.properties.settings.filter((setting) => !there.has(textOf(setting))).map(({ role, name }) => (role === null ? name : `${name} of ${role}`));
  const check = checkName('settings', component);
  if (missing.length > 0) return drillCheck(check, component, 'settingMissing', `${counted(missing.length, 'setting')} of the database not there, or of another value: ${missing.join(', ')}.`);
  const { length } = backup.properties.settings;
  return drillCheck(check, component, 'asExpected', length === 0 ? 'The database had no settings of its own when it was backed up.' : `${counted(length, 'setting')} of the database as ${length === 1 ? 'it was' : 'they were'}.`);
}

/** Pure. @param isSameImage does the server run from the very image of the backup? */
export function collationCheck(component: string, database: string, { databases, collations }: Pick<CollationFacts, 'databases' | 'collations'>, isSameImage: boolean): DrillCheck {
  const check = checkName('collations', component);
  const own = databases.filter(({ name }) => name === database).map((each) => ({ ...each, name: 'the database\'s own collation' }));
  const named = [...own, ...collations].filter((each) => isOtherLibrary(each, isSameImage)).map(sortedText);
  if (named.length === 0) return drillCheck(check, component, 'asExpected', 'Text is sorted as it was when the indexes were written.');
  return drillCheck(check, component, 'collationVersionDiffers', `The library sorts in another version: ${named.join('; ')}.`);
}
