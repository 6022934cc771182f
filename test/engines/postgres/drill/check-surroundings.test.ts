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
  const [own, other, column] = [{ name: 'shop', recorded: '2.36', here: '2.41' }, { name: 'other', recorded: '2.36', here: '2.41' }, { name: 'de_DE', recorded: '2.36', here: '2.41' }];
  for (const isSameImage of [true, false]) {
    expect(collationCheck('postgres', 'shop', { databases: [other], collations: [] }, isSameImage).class).toBe('asExpected');
    expect(collationCheck('postgres', 'shop', { databases: [other, own], collations: [column] }, isSameImage)).toMatchObject({
      class: 'collationVersionDiffers', sentence: 'The library sorts in another version: the database\'s own collation 2.36, here 2.41; de_DE 2.36, here 2.41.',
    });
  }
});

test.each([[null, '2.41'], ['2.41', null]])('a library without versions is another one (%s, here %s), unless the image is the very one', (recorded, here) => {
  const facts = { databases: [{ name: 'shop', recorded, here }], collations: [{ name: 'de_DE', recorded, here }] };
  expect(collationCheck('postgres', 'shop', facts, false)).toMatchObject({ class: 'collationVersionDiffers', sentence: expect.stringContaining('without a version') as string });
  expect(collationCheck('postgres', 'shop', facts, true).class).toBe('asExpected');
});
