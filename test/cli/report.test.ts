/** The reports of drills from a repository on disk, by the real program: nothing runs beside it. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleOf } from '../../src/domain/drill/drill-report.ts';
import { pastSamples } from '../../src/report/past-samples.ts';
import { renderPage } from '../../src/report/page/render-page.ts';
import { signedReportText, type SignedReport } from '../../src/report/signed-report.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { reportSigner } from '../../src/worker/report-key.ts';
import { brokenChecks, sampleReport } from '../report/sample-report.ts';
import { committed } from '../repository/sample-manifest.ts';
import { runCommand, type CommandEnd } from '../support/command-line.ts';

let directory: string;
let elsewhere: string;
let signed: SignedReport;
const path = (name: string): string => join(directory, name);
const holdfast = (...args: string[]): Promise<CommandEnd> => runCommand(args, { directory });
/** As an auditor would: on a machine without configuration or key. */
const auditor = (...args: string[]): Promise<CommandEnd> => runCommand(args, { directory: elsewhere });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast test-'));
  elsewhere = await mkdtemp(join(tmpdir(), 'holdfast test-'));
  await writeFile(path('holdfast.yaml'), 'services:\n  shop: { redis: { container: a } }\n  blog: { redis: { container: b }, schedules: { backup: off, drill: quarterly, rebuild: off } }\nrepositories: { local: { url: ./backups } }\n');
  await mkdir(path('backups'));
  const sign = reportSigner(undefined, { HOLDFAST_STATE_DIR: path('state') });
  const repository = createRepository('local', createLocalStorage(path('backups')));
  await repository.open();
  signed = await sign(sampleReport({ service: 'shop' }));
  const broken = await sign(sampleReport({ service: 'shop', drillId: '20261022-020000', checks: brokenChecks }));
  const store = async ({ report }: SignedReport, text: string): Promise<void> => {
    const claim = await repository.drills.claim('shop', 'restore', { ...report.run, runId: report.drillId }, Date.parse(`${report.drillId.slice(0, 4)}-${report.drillId.slice(4, 6)}-${report.drillId.slice(6, 8)}T02:00:00Z`));
    await repository.drills.recordReport('shop', claim.drillId, text);
  };
  await store(signed, signedReportText(signed));
  await store(broken, signedReportText(broken));
  const changed = await sign(sampleReport({ service: 'shop', drillId: '20260922-020000' }));
  await store(changed, signedReportText({ ...changed, report: { ...changed.report, verdict: 'proven', host: 'elsewhere' } }));
  await repository.drills.claim('shop', 'rebuild', { namespaceId: 'n', workflowId: 'w', runId: 'lost' }, Date.parse('2026-11-24T03:00:00Z'));
  await committed(repository, 'blog', 'first', Date.parse('2025-10-15T00:00:00Z'));
  await committed(repository, 'shop', 'first', Date.parse('2026-08-15T00:00:00Z'));
  await writeFile(path('report.json'), signedReportText(signed));
  await writeFile(path('drill.html'), renderPage(signed));
  await writeFile(path('changed.html'), renderPage(signed).replace('Proven', 'Proved'));
});
afterAll(async () => {
  for (const each of [directory, elsewhere]) await rm(each, { recursive: true, force: true });
});

describe('holdfast report', () => {
  it('lists every drill, and says of those that cannot be believed why', async () => {
    const [{ code, stdout }, none, all] = await Promise.all([holdfast('report', 'list', '-s', 'shop'), holdfast('report', 'list', '-s', 'blog'), holdfast('report', 'list', '--json')]);
    expect(code).toBe(0);
    const rows = stdout.split('\n').slice(1, 5);
    expect(rows.map((row) => row.trim().split(/\s{2,}/))).toEqual([
      ['shop', '20261124-030000', expect.any(String), 'rebuild', '-', '-', '-', 'no report: it still runs, or ended before'],
      ['shop', '20261123-020000', expect.any(String), 'restore', 'proven', '12 min 11 s', '41 s'],
      ['shop', '20261022-020000', expect.any(String), 'restore', 'FAILED', '-', '-'],
      ['shop', '20260922-020000', expect.any(String), 'restore', '-', '-', '-', 'CHANGED: its signature does not hold'],
    ]);
    expect(none.stdout).toBe('There is no drill yet.\n');
    expect(JSON.parse(all.stdout)).toMatchObject({ reports: [{ drillId: '20261124-030000', verdict: null }, { verdict: 'proven', rto: { ms: 731_000 }, signedBy: signed.signature.fingerprint }, { verdict: 'failed' }, { problem: expect.stringContaining('CHANGED') as string }] });
  });

  it('shows one, and writes its page, which is never written over', async () => {
    const { code, stdout } = await holdfast('report', 'show', 'latest', '-s', 'shop', '--html', 'out.html');
    expect(code).toBe(0);
    for (const words of ['shop · restore drill 20261123-020000 · proven', '✓ Content of postgres: Restored into', 'RTO (restore)', '12 min 11 s of 30 min 0 s', 'RTO 12 min 11 s, from the request for the drill to the last check that passed', 'NOT COMPARED\n  postgres: page checksums', 'written: out.html', signed.signature.fingerprint]) expect(stdout).toContain(words);
    expect(await readFile(path('out.html'), 'utf8')).toBe(renderPage(signed));
    const [again, failed, changed, open, ambiguous] = await Promise.all([['latest', '--html', 'out.html'], ['20261022'], ['20260922'], ['20261124'], ['2026']].map((args) => holdfast('report', 'show', ...args, '-s', 'shop'))) as [CommandEnd, CommandEnd, CommandEnd, CommandEnd, CommandEnd];
    expect([again.code, open.code, ambiguous.code]).toEqual([2, 1, 2]);
    expect(failed.stdout).toContain('✗ Content of postgres (countDiffers): 1 difference: public.orders');
    expect([changed.code, changed.stdout]).toEqual([1, expect.stringContaining('DO NOT BELIEVE') as string]);
  });

  it('verifies with the key of this machine, and elsewhere with the key or fingerprint alone', async () => {
    const [own, key, pem] = await Promise.all([holdfast('report', 'verify', 'report.json'), holdfast('report', 'key'), holdfast('report', 'key', '--pem')]);
    expect(own).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ VALID') as string });
    expect(key.stdout).toContain(signed.signature.fingerprint);
    await writeFile(join(elsewhere, 'key.pub'), key.stdout);
    await writeFile(join(elsewhere, 'key.pem'), pem.stdout);
    const verify = (...args: string[]): Promise<CommandEnd> => auditor('report', 'verify', ...args);
    const [byLine, byPem, byFingerprint, untrusted, altered, other, noKey, noFile, noOwn] = await Promise.all([
      ...['key.pub', 'key.pem', signed.signature.fingerprint].map((trusted) => verify(path('drill.html'), '--key', trusted)), verify(path('drill.html')), verify(path('changed.html'), '--key', signed.signature.fingerprint),
      verify(path('report.json'), '--key', `SHA256:${'A'.repeat(43)}`), verify(path('report.json'), '--key', 'nowhere.pub'), verify(path('nowhere.json')), auditor('report', 'key'),
    ]);
    expect([byLine, byPem, byFingerprint, untrusted, altered, other, noKey, noFile, noOwn].map((end) => end?.code)).toEqual([0, 0, 0, 4, 1, 1, 2, 2, 3]);
    expect([untrusted?.stdout, altered?.stdout]).toEqual([expect.stringContaining('COULD NOT BE TOLD'), expect.stringContaining('NOT VALID')]);
    // A page of another version is made anew from the report that was signed.
    expect((await auditor('report', 'verify', path('report.json'), '--key', 'key.pub', '--html', 'again.html')).code).toBe(0);
    expect(await readFile(join(elsewhere, 'again.html'), 'utf8')).toBe(renderPage(signed));
  });

  it('covers a period over all services', async () => {
    const [long, short, wrong, bare] = await Promise.all([holdfast('report', 'period', '2026Q4'), holdfast('report', '--period', '2026Q4'), holdfast('report', 'period', '2026Q5'), holdfast('report')]);
    for (const { code, stdout } of [long, short]) {
      expect(code).toBe(0);
      for (const words of ['2 services, 3 drills: 1 proven, 1 failed, 0 could not verify, 1 without a report', 'with a proven drill:    shop', 'without one:            blog', 'ISO/IEC 27001:2022 A.8.13', 'SOC 2 A1.3', 'an auditor says']) expect(stdout).toContain(words);
    }
    expect(long.stdout).toMatch(/restore 2026-10 +✗ FAILED +20261022-020000\n +restore 2026-11 +✓ proven +20261123-020000\n/);
    expect([wrong?.code, bare?.code]).toEqual([2, 2]);
  });

  it('makes one page of a period, which names every report that it stands on; and writes over none', async () => {
    const [made, own] = [await holdfast('report', 'period', '2026Q4', '--html', path('2026Q4.html'), '--json'), await holdfast('report', 'key')];
    const page = await readFile(path('2026Q4.html'), 'utf8');
    const hash = createHash('sha256').update(signedReportText(signed)).digest('hex');
    expect(JSON.parse(made.stdout)).toMatchObject({ services: [{ drills: expect.arrayContaining([expect.objectContaining({ drillId: '20261123-020000', reportSha256: hash, signedBy: signed.signature.fingerprint })]) as object }, {}] });
    expect([made.code, own.stdout]).toEqual([0, expect.stringContaining(signed.signature.fingerprint)]);
    for (const words of ['<h1>2026Q4</h1>', 'Restore drill, 2026-11', hash, `Reports signed by ${signed.signature.fingerprint}`, 'ISO/IEC 27001:2022 A.8.13', '1 Oct 2026 to 31 Dec 2026']) expect(page).toContain(words);
    expect((await holdfast('report', '--period', '2026Q4', '--html', path('2026Q4.html'))).code).toBe(2);
    expect(await readFile(path('2026Q4.html'), 'utf8')).toBe(page);
  });

  it('holds each service to its own schedule, from its first backup on, and says so to monitors', async () => {
    const [young, missed, asked] = await Promise.all([['blog', 'period', '2025Q4', '--check'], ['blog', 'period', '2026Q1', '--check', '--json'], ['shop', '--period', '2026Q4', '--check']].map(([service = '', ...args]) => holdfast('-s', service, 'report', ...args))) as [CommandEnd, CommandEnd, CommandEnd];
    expect(young).toMatchObject({ code: 0, stdout: expect.stringMatching(/drills that were missed: none\n[^]*broken glass: +none is possible[^]*\nblog\n +restore 2025Q4 +· not due: there was no backup yet\n\n/) });
    expect([missed.code, asked.code]).toEqual([1, 1]);
    expect(JSON.parse(missed.stdout)).toMatchObject({
      period: '2026Q1', standing: 'wrong', exitCode: 1, summary: { missedWindows: ['blog: restore 2026Q1'], neverBackedUp: [] }, services: [{ service: 'blog', since: '2025-10-15T00:00:00.000Z', windows: [{ kind: 'restore', label: '2026Q1', state: 'missed' }] }],
      brokenGlass: { uses: [], note: expect.stringContaining('no way past an approval') as string }, controls: [{ control: 'ISO/IEC 27001:2022 A.8.13' }, { control: 'SOC 2 A1.2' }, { control: 'SOC 2 A1.3' }],
    });
  });
});

it('takes only what can be believed into the trend', () => {
  const text = signedReportText(signed);
  expect(pastSamples([text, text.replace('berlin-1', 'berlin-2'), 'x'], 'shop', null)).toEqual([sampleOf(signed.report)]);
  expect(pastSamples([text], 'blog', null)).toEqual([]);
});
