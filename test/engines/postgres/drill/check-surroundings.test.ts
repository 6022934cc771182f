import { expect, test } from 'vitest';
import type { PostgresDump } from '../../../../src/domain/backup-manifest.ts';
import { collationCheck, extensionCheck, roleCheck, settingCheck } from '../../../../src/engines/postgres/drill/check-surroundings.ts';

const role = (name: string, referenced = true): PostgresDump['roles'][number] => ({ name, superuser: false, login: false, referenced });
const properties = (settings: PostgresDump['properties']['settings']): Pick<PostgresDump, 'properties'> => ({ properties: { settings } as PostgresDump['properties'] });

test('a role that the data names has to be there, any other need not', () => {
  expect(roleCheck('postgres', { roles: [role('owner'), role('passer-by', false)] }, { roles: [{ name: 'owner', superuser: true }] })).toMatchObject({ name: 'roles:postgres', class: 'asExpected' });
  const missing = roleCheck('postgres', { roles: [role('owner'), role('auditor')] }, { roles: [{ name: 'owner', superuser: true }] });
  expect([missing.class, missing.sentence]).toEqual(['roleMissing', '1 role that the data names is not there: auditor.']);
});

test('an extension has to be there, in whatever version', () => {
  const backup = { extensions: [{ name: 'pg_trgm', version: '1.6' }] };
  expect(extensionCheck('postgres', backup, { extensions: [] }).class).toBe('extensionMissing');
  expect(extensionCheck('postgres', backup, { extensions: [{ name: 'pg_trgm', version: '1.7' }] })).toMatchObject({ class: 'harmlessDifference', verdict: 'proven' });
  expect(extensionCheck('postgres', backup, { extensions: backup.extensions }).class).toBe('asExpected');
});

test('a setting of the database is missed by its name, never shown by its value', () => {
  const backup = properties([{ role: null, name: 'app.key', value: 'secret' }, { role: 'clerk', name: 'work_mem', value: '7MB' }]);
  expect(settingCheck('postgres', backup, backup)).toMatchObject({ class: 'asExpected', sentence: '2 settings of the database as they were.' });
  expect(settingCheck('postgres', properties([]), backup)).toMatchObject({ class: 'asExpected', sentence: 'The database had no settings of its own when it was backed up.' });
  const missing = settingCheck('postgres', backup, properties([{ role: null, name: 'app.key', value: 'other' }]));
  expect([missing.class, missing.sentence]).toEqual(['settingMissing', '2 settings of the database not there, or of another value: app.key, work_mem of clerk.']);
});

test('a library that sorts in another version is a failure, and named', () => {
  expect(collationCheck('postgres', { database: false, collations: [] }).class).toBe('asExpected');
  expect(collationCheck('postgres', { database: true, collations: ['de_DE'] })).toMatchObject({ class: 'collationVersionDiffers', sentence: expect.stringContaining('own collation, de_DE') as string });
});
