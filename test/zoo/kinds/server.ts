/** What the data needs of a server, and is not there. */
import type { Animal } from '../animal.ts';
import { changeBase, changeDump, changeRedis } from '../stored-backup.ts';

/** Of a server whose image and container nobody has any more; what bears that name now. */
export const goneBut = (image: string): { readonly image: string; readonly imageId: string; readonly container: string } => ({ image, imageId: `sha256:${'0'.repeat(64)}`, container: 'zoo-no-such-container' });
const gone = goneBut('nobody/has:this');

/** A dump that is restored into a 17 to which something was done. */
export const inChanged = (script: string): NonNullable<Animal['damage']> => async (backup, ground) => {
  const imageId = await ground.images.changed('postgres:17', script);
  await changeDump(backup, (own) => ({ ...own, server: { ...own.server, imageId } }));
};

export const serverKinds: readonly Animal[] = [
  {
    name: 'role-missing', of: 'postgres', from: { kind: 'service' }, expected: { verdict: 'failed', check: 'content:postgres', class: 'roleMissing', sentence: /role "zoo_auditor" does not exist/ },
    damage: (backup) => changeDump(backup, (own) => ({ ...own, roles: own.roles.filter(({ name }) => name !== 'zoo_auditor') })),
  },
  {
    name: 'extension-missing', of: 'postgres', from: { kind: 'service' }, damage: inChanged('rm /usr/share/postgresql/17/extension/hstore.control'),
    expected: { verdict: 'failed', check: 'content:postgres', class: 'extensionMissing', sentence: /hstore/ },
  },
  {
    name: 'locale-missing', of: 'postgres', from: { kind: 'database', options: 'TEMPLATE template0 LOCALE \'en_US.utf8\'', sql: 'CREATE TABLE words (word text PRIMARY KEY); INSERT INTO words SELECT md5(n::text) FROM generate_series(1, 50) n;' },
    damage: inChanged('rm -rf /usr/lib/locale/locale-archive /usr/lib/locale/en_US*'),
    expected: { verdict: 'failed', check: 'content:postgres', class: 'localeMissing', sentence: /invalid locale name/ },
  },
  {
    name: 'session-library-missing', of: 'postgres', from: { kind: 'database', sql: 'ALTER DATABASE $DATABASE SET session_preload_libraries = \'auto_explain\';' }, damage: inChanged('rm /usr/lib/postgresql/17/lib/auto_explain.so'),
    expected: { verdict: 'failed', check: 'content:postgres', class: 'extensionMissing', sentence: /auto_explain/ },
  },
  {
    name: 'base-preload-library-missing', of: 'postgres', from: { kind: 'base' }, damage: (backup) => changeBase(backup, (own) => ({ ...own, cluster: { ...own.cluster, preloadLibraries: ['no_such_library'] } })),
    expected: { verdict: 'failed', check: 'content:postgres', class: 'extensionMissing', sentence: /lacks no_such_library/ },
  },
  {
    name: 'programs-of-another-architecture', of: 'postgres', from: { kind: 'service' },
    damage: inChanged('for each in /usr/lib/postgresql/17/bin/*; do printf "\\177ELF\\002\\001\\001\\000\\000\\000\\000\\000\\000\\000\\000\\000\\002\\000\\363\\000" >"$each"; done'),
    expected: { verdict: 'couldNotVerify', check: 'content:postgres', class: 'helperFailed', sentence: /initdb/ },
  },
  {
    name: 'initdb-lacks-its-files', of: 'postgres', from: { kind: 'service' }, damage: inChanged('rm /usr/share/postgresql/17/postgres.bki'),
    expected: { verdict: 'couldNotVerify', check: 'content:postgres', class: 'helperFailed', sentence: /postgres\.bki/ },
  },
  { name: 'image-gone', of: 'postgres', from: { kind: 'service' }, damage: (backup) => changeDump(backup, (own) => ({ ...own, server: { ...own.server, ...gone } })), expected: { verdict: 'couldNotVerify', check: 'content:postgres', class: 'imageMissing', sentence: /no image of PostgreSQL 17/ } },
  { name: 'base-image-gone', of: 'postgres', from: { kind: 'base' }, damage: (backup) => changeBase(backup, (own) => ({ ...own, server: { ...own.server, ...gone } })), expected: { verdict: 'couldNotVerify', check: 'content:postgres', class: 'imageMissing', sentence: /no image of PostgreSQL 17/ } },
  {
    name: 'image-of-an-older-major', of: 'postgres', from: { kind: 'service' }, expected: { verdict: 'couldNotVerify', check: 'content:postgres', class: 'imageMissing', sentence: /no image of PostgreSQL 17/ },
    damage: (backup) => changeDump(backup, (own) => ({ ...own, server: { ...own.server, ...goneBut('postgres:16') } })),
  },
  {
    name: 'base-image-of-a-newer-major', of: 'postgres', from: { kind: 'base' }, expected: { verdict: 'couldNotVerify', check: 'content:postgres', class: 'imageMissing', sentence: /no image of PostgreSQL 17/ },
    damage: (backup) => changeBase(backup, (own) => ({ ...own, server: { ...own.server, ...goneBut('postgres:18') } })),
  },
  {
    name: 'base-sorted-otherwise', of: 'postgres', expected: { verdict: 'failed', check: 'content:postgres', class: 'collationVersionDiffers', sentence: /sorts text otherwise/ },
    from: { kind: 'base', sql: 'UPDATE pg_database SET datcollversion = \'1.1\' WHERE datname = \'shop\';', undo: 'ALTER DATABASE shop REFRESH COLLATION VERSION;' },
  },
  {
    name: 'base-collation-of-another-version', of: 'postgres',
    from: {
      kind: 'base', sql: 'CREATE TABLE sorted (word text COLLATE "de-x-icu" PRIMARY KEY); INSERT INTO sorted VALUES (\'a\'), (\'ä\'); UPDATE pg_collation SET collversion = \'1.1\' WHERE collname = \'de-x-icu\';',
      undo: 'DROP TABLE sorted; ALTER COLLATION pg_catalog."de-x-icu" REFRESH VERSION;',
    },
    expected: { verdict: 'failed', check: 'collations:postgres', class: 'collationVersionDiffers', sentence: /de-x-icu/ },
  },
  { name: 'redis-image-gone', of: 'redis', from: { kind: 'service' }, damage: (backup) => changeRedis(backup, (own) => ({ ...own, server: { ...own.server, ...gone } })), expected: { verdict: 'couldNotVerify', check: 'content:redis', class: 'imageMissing', sentence: /not on this Docker engine/ } },
  {
    name: 'redis-image-of-an-older-version', of: 'redis', from: { kind: 'service' }, expected: { verdict: 'couldNotVerify', check: 'content:redis', class: 'versionUnfit', sentence: /version/i },
    damage: async (backup, { service }) => {
      const older = await service.runtime.findImage('redis:7');
      await changeRedis(backup, (own) => ({ ...own, server: { ...own.server, imageId: older?.id ?? '' } }));
    },
  },
  {
    name: 'redis-module-missing', of: 'redis', from: { kind: 'service' }, damage: (backup) => changeRedis(backup, (own) => ({ ...own, server: { ...own.server, modules: [{ name: 'search', path: '/no/such/module.so', args: [] }] } })),
    expected: { verdict: 'couldNotVerify', check: 'content:redis', class: 'versionUnfit', sentence: /lacks something that the data needs/ },
  },
];
