/** The session that samples: on every major, what it keeps, and when it writes a commit of its own. */
import { describe, expect, it } from 'vitest';
import { sampleSql } from '../../../../src/engines/postgres/server/script-text.ts';
import { useDocker } from '../../../support/docker.ts';
import { startPostgres } from '../postgres-fixture.ts';
import { bytesOf, receiving } from './wal-fixture.ts';

const docker = useDocker();

describe('on PostgreSQL', () => {
  it.each([['postgres:15', 15], ['postgres:18', 18]] as const)('%s the log is received, and comes back', async (image, majorVersion) => {
    const postgres = await startPostgres(docker, { image, ...(image === 'postgres:15' ? { args: ['-c', 'port=5544'], environment: { PGPORT: '5544' } } : {}) });
    const wal = receiving(docker, postgres);
    const { ctx, component, source } = wal;
    await wal.ensured();
    expect(await source.cluster(ctx, component)).toMatchObject({ majorVersion });
    const name = await postgres.sql('CREATE TABLE t AS SELECT generate_series(1, 1000); SELECT pg_walfile_name(pg_current_wal_lsn())');
    await postgres.sql('SELECT pg_switch_wal()');
    await docker.runtime.kill(wal.receiver.name);
    await wal.ensured();
    await postgres.sql('CREATE TABLE later ()');
    await wal.received();
    expect(await wal.names()).toEqual([name, expect.stringMatching(/\.partial$/)]);
    expect((await bytesOf(await source.read(ctx, component, name))).length).toBe(16 * 1024 ** 2);
    await wal.forget();
  });
});

describe('readings', () => {
  it('are kept for two hours of the server\'s clock at most, over receivers', async () => {
    const postgres = await startPostgres(docker);
    const wal = receiving(docker, postgres);
    const { ctx, component, source } = wal;
    await wal.ensured();
    await wal.received();
    const before = await source.readings(ctx, component, null);
    const old = ['2020-01-01T00', '2020-01-01T01', '2020-01-01T02'].map((hour) => `echo '${hour}:59:59.000000Z 0/0 00000001 - - - -' >/wal/samples/${hour}`);
    await docker.runtime.exec(wal.receiver.name, { argv: ['sh', '-c', old.join('; ')], timeoutMs: 30_000 });
    await docker.runtime.kill(wal.receiver.name);
    await wal.ensured();
    await wal.received();
    const after = await source.readings(ctx, component, null);
    expect(after.filter(({ at }) => at < '2021').length).toBeLessThanOrEqual(1);
    expect(after.filter(({ at }) => at < '2021').map(({ at }) => at.slice(0, 13))).not.toContain('2020-01-01T00');
    expect(after.map(({ at }) => at)).toEqual(expect.arrayContaining(before.map(({ at }) => at)));
    await wal.forget();
  });
});

describe('a commit of its own', () => {
  it('is written once after others have ended their transactions, and not for a database at rest', async () => {
    const postgres = await startPostgres(docker, { args: ['-c', 'autovacuum=off'] });
    const sample = sampleSql.replace('>= 15', '>= 0').replace('\\watch 1', '\\g');
    const steps: readonly (readonly [sql: string, written: string])[] = [
      ['', 'beat'], ['', '-'], ['CREATE TABLE t (n int);', 'beat'], ['', '-'], ['SELECT count(*) FROM t;', '-'], ['SELECT pg_switch_wal();', '-'], ['CHECKPOINT;', '-'],
      ['BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION \'p\';', '-'], ['INSERT INTO t VALUES (2);', 'beat'], ['', '-'], ['COMMIT PREPARED \'p\';', 'beat'], ['', '-'],
      ['BEGIN; INSERT INTO t VALUES (3); ROLLBACK;', 'beat'], ['', '-'],
    ];
    const { stdout, stderr } = await docker.runtime.exec(postgres.id, {
      argv: ['psql', '-X', '-q', '-A', '-t', '-U', 'postgres', '-d', 'postgres', '-v', 'ON_ERROR_STOP=1', '-v', 'slot=none'], stdin: steps.map(([sql]) => `${sql}\n${sample}`).join('\n'), timeoutMs: 60_000,
    });
    expect(stderr).toBe('');
    const written = stdout.split('\n').filter((each) => /^\d{4}-.* (beat|-)$/.test(each)).map((each) => each.split(' ').at(-1));
    expect(written.map((each, index) => [steps[index]?.[0], each])).toEqual(steps.map(([sql, each]) => [sql, each]));
  });
});
