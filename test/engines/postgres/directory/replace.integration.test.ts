/**
 * Data replaced where it lies, on a volume with room for it once: refused where it need not be, carried out, brought back from any point, undone, let go.
 * @module-tag long
 */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ComponentBackup, PostgresBackup, PostgresDump } from '../../../../src/domain/backup-manifest.ts';
import type { ArtifactSource, EngineContext, PreparedComponent } from '../../../../src/engines/engine-context.ts';
import { scratchLabels, scratchName } from '../../../../src/containers/labels.ts';
import { useDocker } from '../../../support/docker.ts';
import type { Notes } from '../../../support/engine-context.ts';
import { failing } from '../../../support/failing.ts';
import { engine, openStore, options } from '../postgres-fixture.ts';
import { cutOverIn, dataDirectory, replacements, replacingContext, repositoryIn, smallPostgres, type SmallPostgres } from './replace-fixture.ts';

const docker = useDocker();
const choice = { backupId: '20261123-010000', manifestSha256: 'a'.repeat(64), proof: 'proven' } as const;
/** Every file of the data, but what is ours. */
const sumsOf = (postgres: SmallPostgres): Promise<string> => postgres.shell(`cd ${dataDirectory} && find . -path ./pgsql_tmp.holdfast -prune -o -type f -exec sha256sum {} + | sort -k 2 | sha256sum`);
const filling = 'CREATE TABLE filling AS SELECT n, repeat(md5(n::text), 16) AS text FROM generate_series(1, 23000) n; CREATE TABLE state (word text); INSERT INTO state VALUES (\'saved\'); CHECKPOINT;';

/** Of an attempt that asked whether the old data is back just before it was. */
function lookedBefore(ctx: EngineContext): EngineContext {
  const { setAside } = ctx;
  if (setAside === undefined) throw new Error('no repository is at hand');
  const of: typeof setAside.of = (run, component) => {
    const place = setAside.of(run, component);
    let looks = 0;
    return { ...place, isBack: async () => (looks += 1) > 1 && place.isBack() };
  };
  return { ...ctx, setAside: { ...setAside, of } };
}

async function stage(method: 'base' | 'dump', sizeMiB: number) {
  const store = await openStore();
  const repository = await repositoryIn(store);
  const postgres = await smallPostgres(docker, sizeMiB);
  await postgres.sql(filling);
  const notes: Notes = new Map();
  const ctx = (run: string, attempt?: string): EngineContext => replacingContext(docker, repository, notes, { run, ...(attempt === undefined ? {} : { attempt }) });
  const backup = await engine.backUp(ctx('backup'), postgres.component, store.destination, { ...options, method }) as PostgresBackup;
  await postgres.sql('INSERT INTO state VALUES (\'later\')');
  const archives = (): readonly string[] => readdirSync(store.directory, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('attempts') && path.endsWith('.zst'));
  const cutOver = async (run: string, prepared: PreparedComponent, brought: { backup: ComponentBackup; source: ArtifactSource } | null): Promise<void> => {
    await engine.requireReady(ctx(run), postgres.component, prepared.cutOver);
    await engine.close(ctx(run), postgres.component, prepared.cutOver);
    // Twice, as after an answer that was lost.
    for (const attempt of ['a1-00000000', 'a2-00000000']) await replacements.carryOut(ctx(run, attempt), postgres.component, prepared.cutOver, brought);
    expect(await engine.compareClosed(ctx(run), postgres.component, prepared.cutOver, brought?.backup ?? null)).toEqual([]);
    await engine.open(ctx(run), postgres.component, prepared.cutOver);
  };
  return { store, postgres, component: postgres.component, ctx, backup, brought: { backup, source: store.source }, archives, cutOver, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

test('a base backup: refused beside with the command, replaced, compared, undone, that undone, and let go', { timeout: 900_000 }, async () => {
  await using at = await stage('base', 100);
  const { postgres, component, ctx, backup, store } = at;
  const beside = await failing('NotEnoughSpace', engine.prepare(ctx('beside'), component, backup, { ...store.source, backupId: choice.backupId }));
  expect(beside.fields.hint).toContain(`holdfast restore ${choice.backupId} --replace`);
  expect((await failing('ReplacementRefused', replacements.prepare(ctx('unproven'), component, backup, store.source, { ...choice, proof: 'couldNotVerify' }))).fields.hint).toContain(`holdfast prove ${choice.backupId}`);

  const prepared = await replacements.prepare(ctx('restore'), component, backup, store.source, choice);
  expect(prepared.steps.swap).toMatch(/copy what is in .* DROP it from/);
  expect(prepared.notes.join('\n')).toContain('it grows with the data');
  expect(at.archives()).toEqual([]);
  await at.cutOver('restore', prepared, at.brought);
  expect([await postgres.rows(), at.archives().length]).toEqual(['saved', 1]);
  await postgres.sql('INSERT INTO state VALUES (\'after\')');

  const undo = await engine.prepareUndo(ctx('undo'), component, prepared.cutOver);
  await at.cutOver('undo', undo, null);
  expect(await postgres.rows()).toBe('later,saved');
  const again = await engine.prepareUndo(ctx('again'), component, undo.cutOver);
  await at.cutOver('again', again, null);
  expect([await postgres.rows(), at.archives().length]).toEqual(['after,saved', 3]);
  for (let times = 0; times < 2; times += 1) await engine.discardRollback(ctx('accept'), component, again.cutOver);
  expect([at.archives(), await postgres.shell(`ls ${dataDirectory}`)]).toEqual([[], expect.not.stringContaining('pgsql_tmp.holdfast')]);
  expect(await postgres.rows()).toBe('after,saved');
});

test('what a worker that died left at work on the data is ended, not waited for by anybody, and the old data put back', { timeout: 900_000 }, async () => {
  await using at = await stage('base', 100);
  const { postgres, component, ctx, backup, brought, store } = at;
  const prepared = await replacements.prepare(ctx('restore'), component, backup, store.source, choice);
  const cutOver = cutOverIn(prepared);
  await engine.close(ctx('restore'), component, cutOver);
  await replacements.carryOut(ctx('restore'), component, cutOver, brought);
  const left: string[] = [];
  for (const step of ['put-back', 'lay-out']) {
    const identity = { owner: ctx('restore').owner, service: ctx('restore').service, component: component.name, step };
    const { id } = await docker.runtime.create({
      name: scratchName(identity), imageId: cutOver.imageId, labels: { ...docker.labels, ...scratchLabels('helper', identity) }, network: 'none', init: true, logDriver: 'none', entrypoint: ['sleep'], command: ['300'], environment: {},
      mounts: [{ type: 'volume', source: cutOver.volume, target: dataDirectory }],
    });
    await docker.runtime.start(id);
    left.push(id);
  }
  await engine.rollBack(ctx('restore', 'a2-00000000'), component, cutOver);
  expect([await postgres.rows(), at.archives()]).toEqual(['later,saved', []]);
  for (const id of left) expect(await docker.runtime.find(id)).toBeNull();
});

test('a dump: made anew, compared to the last row; what differs is put back to the byte, by whoever repairs it, and no late attempt drops it again', async () => {
  await using at = await stage('dump', 125);
  const { postgres, component, ctx, backup, brought, store } = at;
  expect((await failing('ReplacementRefused', replacements.prepare(ctx('early'), component, backup, store.source, choice))).fields.cause).toContain('there is room to make everything ready beside it');
  await postgres.sql('CREATE TABLE further AS TABLE filling; INSERT INTO further TABLE filling; INSERT INTO further TABLE filling; CHECKPOINT;');
  const prepared = await replacements.prepare(ctx('restore'), component, backup, store.source, choice);
  const kept = await replacements.prepare(ctx('kept'), component, backup, store.source, choice);
  await engine.close(ctx('restore'), component, prepared.cutOver);
  // Rolled back before anything was dropped: what an attempt copies that comes later is needed by nobody.
  await engine.rollBack(ctx('kept'), component, { ...kept.cutOver, wasRunning: false } as typeof kept.cutOver);
  await failing('CutOverFailed', replacements.carryOut(ctx('kept', 'a9-00000000'), component, kept.cutOver, brought));
  expect(at.archives()).toEqual([]);
  const before = await sumsOf(postgres);
  const dump = backup as PostgresDump;
  // What comes in is not what the manifest says: found after the drop.
  const other: PostgresDump = { ...dump, content: { ...dump.content, tables: dump.content.tables.map((table) => ({ ...table, rows: '7' })) } };
  await failing('ProofFailed', replacements.carryOut(ctx('restore'), component, prepared.cutOver, { ...brought, backup: other }));
  expect(await postgres.shell(`ls -A ${dataDirectory}`)).not.toContain('PG_VERSION');
  await engine.rollBack(ctx('repair'), component, { ...prepared.cutOver, wasRunning: false } as typeof prepared.cutOver);
  expect(await sumsOf(postgres)).toBe(before);
  await failing('CutOverFailed', replacements.carryOut(ctx('restore', 'a9-00000000'), component, prepared.cutOver, brought));
  await failing('CutOverFailed', replacements.carryOut(lookedBefore(ctx('restore', 'aa-00000000')), component, prepared.cutOver, brought));
  expect([await sumsOf(postgres), at.archives()]).toEqual([before, []]);
  // Once more, as it was planned: it ran, and what it serves from then on stays.
  for (let times = 0; times < 2; times += 1) {
    await engine.rollBack(ctx('repair'), component, prepared.cutOver);
    await postgres.sql('INSERT INTO state VALUES (\'served\')');
  }
  expect([await postgres.rows(), at.archives()]).toEqual(['later,saved,served,served', []]);
  expect(await postgres.shell(`ls ${dataDirectory}`)).not.toContain('pgsql_tmp.holdfast');

  // As it is when this is needed: not a byte is free.
  await postgres.sql('CHECKPOINT');
  await docker.runtime.exec(postgres.id, { argv: ['sh', '-c', `cat /dev/zero >${dataDirectory}/ballast`], timeoutMs: 60_000 });
  expect(await postgres.shell(`df -P -k ${dataDirectory} | awk 'NR == 2 { print $4 }'`)).toBe('0');
  const second = await replacements.prepare(ctx('second'), component, backup, store.source, choice);
  expect(second.loss.notes.join('\n')).toContain('state');
  expect(second.notes.join('\n')).toContain('Only 0B are free beside the old data');
  await at.cutOver('second', second, brought);
  expect(await postgres.rows()).toBe('saved');
  // What took the last byte does not fit beside our own notes: said before anything is dropped for it.
  expect((await failing('NotEnoughSpace', engine.prepareUndo(ctx('undo'), component, second.cutOver))).fields.cause).toContain('even without the old data');
}, 900_000);
