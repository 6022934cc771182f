/** What is taken over of POSTGRES_INITDB_ARGS. */
import { expect, it } from 'vitest';
import { initdbWishes } from '../../../../src/engines/postgres/directory/initdb-wishes.ts';

it.each([
  ['', 'trust', 'trust', []],
  ['--auth-host=scram-sha-256', 'trust', 'scram-sha-256', []],
  ['-A md5 --auth-local peer', 'peer', 'md5', []],
  ['--auth=scram-sha-256 --data-checksums  --wal-segsize=32 --encoding=UTF8 --locale=de_DE', 'scram-sha-256', 'scram-sha-256', ['--data-checksums', '--wal-segsize=32']],
  ['--auth-local="$(id)" --auth-host', 'scram-sha-256', 'scram-sha-256', []],
  ['--auth-host=\'reject\' --pwfile=/secret -k', 'trust', 'reject', ['-k']],
])('%j', (text, authLocal, authHost, flags) => expect(initdbWishes(text)).toEqual({ authLocal, authHost, flags }));
