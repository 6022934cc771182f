/** The same words while a dump is restored: of the server, for what its machine refuses it; and of a function of the user's, which may say whatever its author wrote. */
import { expect, test } from 'vitest';
import type { PostgresDump } from '../../../src/domain/backup-manifest.ts';
import { useDocker } from '../../support/docker.ts';
import { contextOf, engine, openStore, options, startPostgres } from './postgres-fixture.ts';

const docker = useDocker();

test('a file that the server may not read says nothing of the dump; a function that says so does', async () => {
  const postgres = await startPostgres(docker);
  const verdictWhere = async (database: string, work: string) => {
    await using store = await openStore();
    await postgres.sql(`CREATE DATABASE ${database}`);
    // Where it was backed up the check holds.
    await postgres.sql(`CREATE FUNCTION fits(int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN IF current_database() <> '${database}' THEN ${work}; END IF; RETURN true; END $$;
      CREATE TABLE checked (id int CHECK (fits(id))); INSERT INTO checked VALUES (1);`, database);
    const dump = await engine.backUp(contextOf(docker), { ...postgres.component, database }, store.destination, options) as PostgresDump;
    return await engine.prove(contextOf(docker), dump, store.source);
  };
  expect(await verdictWhere('reads', 'PERFORM pg_catalog.pg_read_file(\'/root/any\')')).toMatchObject({ verdict: 'couldNotVerify', sentence: expect.stringMatching(/could not open file "\/root\/any" for reading: Permission denied/) });
  expect(await verdictWhere('raises', 'RAISE EXCEPTION \'could not open file: Permission denied\'')).toMatchObject({ verdict: 'failed', sentence: expect.stringMatching(/could not open file: Permission denied/) });
  expect(await docker.left()).toEqual([]);
});
