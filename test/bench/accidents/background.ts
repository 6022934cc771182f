/** What a database does all day, beside the accidents: rows in, changed and out, subtransactions, and temporary tables that change the catalog. */
import { testLabel } from '../../support/test-environment.ts';
import type { ServiceFixture } from '../../support/service-fixture.ts';

export const noiseSql = `CREATE TABLE noise (id bigserial PRIMARY KEY, note text NOT NULL);
  CREATE TABLE noise_accounts (id int PRIMARY KEY, balance int NOT NULL);
  INSERT INTO noise (note) SELECT 'at first' FROM generate_series(1, 1000); INSERT INTO noise_accounts SELECT n, 0 FROM generate_series(1, 200) n;`;

const rowsScript = `\\set account random(1, 200)
\\set victim random(1, 4000)
BEGIN;
INSERT INTO noise (note) VALUES (md5(random()::text));
UPDATE noise_accounts SET balance = balance + 1 WHERE id = :account;
SAVEPOINT one;
DELETE FROM noise WHERE id = :victim;
RELEASE one;
COMMIT;
`;
const catalogScript = 'CREATE TEMP TABLE fleeting (n int);\nDROP TABLE fleeting;\n';

/** Transactions a second. */
const rates = { rows: 60, catalog: 2 } as const;

/** Answers how to stop it. */
export async function startBackground(service: ServiceFixture): Promise<() => Promise<void>> {
  const writers = [await startWriter(service, 'rows', rowsScript, rates.rows), await startWriter(service, 'catalog', catalogScript, rates.catalog)];
  return async () => {
    for (const id of writers) await service.runtime.remove(id);
  };
}

async function startWriter({ runtime, postgres, name }: ServiceFixture, what: string, script: string, rate: number): Promise<string> {
  const { imageId } = await runtime.inspect(postgres);
  const volumes = (await runtime.findImage(imageId))?.volumes ?? [];
  const { id } = await runtime.create({
    name: `hf-test-noise-${what}-${name}`, imageId, entrypoint: ['sh'], command: ['-c', `cat >/tmp/script.sql; exec pgbench -h 127.0.0.1 -U postgres -n -f /tmp/script.sql -c 2 -j 1 -R ${rate} -T 3600 shop`], labels: { [testLabel]: name },
    network: `container:${postgres}`, init: true, openStdin: true, mounts: volumes.map((target) => ({ type: 'tmpfs', source: '', target })),
  });
  await runtime.start(id, script);
  return id;
}
