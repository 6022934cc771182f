/** Whoever can write to a repository can sign a report: only one by a key that is trusted here tells of a drill. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExitCode } from '../../../src/cli/exit-codes.ts';
import { listReports, showPeriod, showReport, verifyFile } from '../../../src/cli/reports/report-commands.ts';
import { status } from '../../../src/cli/status.ts';
import type { CommandContext } from '../../../src/cli/command-context.ts';
import type { DrillReport } from '../../../src/domain/drill/drill-report.ts';
import { pastSamples } from '../../../src/report/past-samples.ts';
import { signedReportText } from '../../../src/report/signed-report.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import { reportSigner, trustedReportKeys } from '../../../src/worker/report-key.ts';
import { sampleReport } from '../../report/sample-report.ts';
import { committed } from '../../repository/sample-manifest.ts';
import { commandIn } from '../../support/command-context.ts';

let directory: string;
let repository: Repository;
/** What somebody else signed, who can write to the repository. */
let others: string;
let fingerprint: string;
const month = '2026-03';
const pattern = (text: string): string => text.replace(/[+/]/g, '\\$&');
const sign = (state: string, report: DrillReport) => reportSigner(undefined, { HOLDFAST_STATE_DIR: join(directory, state) })(report);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast test-'));
  await mkdir(join(directory, 'backups'));
  await configure('');
  repository = createRepository('nas', createLocalStorage(join(directory, 'backups')));
  await committed(repository, 'shop', 'first', Date.parse('2026-01-01T00:00:00Z'));
  ({ text: others, fingerprint } = await drilled('elsewhere', 'stranger', '2026-03-22T02:00:00Z'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const configure = (reports: string): Promise<void> => writeFile(join(directory, 'holdfast.yaml'), `services: { shop: { redis: { container: a } } }\nrepositories: { nas: { url: ./backups } }\n${reports}\n`);

/** A proven restore drill in the repository, signed with the key of that state directory. */
async function drilled(state: string, runId: string, at: string): Promise<{ readonly text: string; readonly fingerprint: string }> {
  const { drillId } = await repository.drills.claim('shop', 'restore', { namespaceId: 'n', workflowId: 'w', runId }, Date.parse(at));
  const signed = await sign(state, sampleReport({ service: 'shop', drillId }));
  await repository.drills.recordReport('shop', drillId, signedReportText(signed));
  return { text: signedReportText(signed), fingerprint: signed.signature.fingerprint };
}

async function said<T = unknown>(command: (context: CommandContext) => Promise<ExitCode>, json = false): Promise<{ readonly code: ExitCode; readonly text: string; readonly object: T }> {
  const { context, printed } = commandIn(directory, { json });
  const code = await command(context);
  return { code, text: printed(), object: (json ? JSON.parse(printed()) : null) as T };
}
const list = () => said((context) => listReports(context));
const period = () => said<{ readonly summary: object; readonly services: readonly { readonly windows: readonly object[]; readonly drills: readonly object[] }[] }>((context) => showPeriod(context, month, { check: true }), true);
const check = () => said((context) => status(context, true, '3650d'));

describe('where this machine has a key of its own', () => {
  beforeEach(() => sign('state', sampleReport()));

  it('another\'s report is no drill, whoever asks, and is said', async () => {
    expect((await list()).text).toContain(`UNKNOWN KEY: signed by ${fingerprint}`);
    expect((await period()).object).toMatchObject({ summary: { drilled: [], proven: 0, unsigned: 1 }, services: [{ windows: [{ kind: 'restore', label: month, state: 'couldNotVerify' }, { kind: 'rebuild' }], drills: [{ signed: false, problem: `UNKNOWN KEY: signed by ${fingerprint}` }] }] });
    expect(await check()).toMatchObject({ code: 4, text: expect.stringMatching(new RegExp(`^NOT KNOWN shop: 1 report of drills \\(20260322-020000\\) signed by ${pattern(fingerprint)}, which nobody here trusts, counts for nothing → If that key is yours: .*\n`, 'm')) });
    expect((await said((context) => status(context, false, undefined))).text).not.toContain('last restore drill');
    expect(await said((context) => showReport(context, 'latest', undefined))).toMatchObject({ code: 1, text: expect.stringContaining('DO NOT BELIEVE') });
    expect(pastSamples([others], 'shop', await trustedReportKeys(undefined, { HOLDFAST_STATE_DIR: join(directory, 'state') })())).toEqual([]);
  });

  it('another\'s hides none of its own that lies in the other repository under the same id', async () => {
    await mkdir(join(directory, 'offsite'));
    await writeFile(join(directory, 'holdfast.yaml'), 'services: { shop: { redis: { container: a }, repositories: [nas], failover: { host: hamburg, repository: offsite } } }\nrepositories: { nas: { url: ./backups }, offsite: { url: ./offsite } }\n');
    repository = createRepository('offsite', createLocalStorage(join(directory, 'offsite')));
    await repository.open();
    await drilled('state', 'own', '2026-03-22T02:00:00Z');
    expect((await period()).object).toMatchObject({ summary: { drills: 1, proven: 1, unsigned: 0 } });
  });

  it('its own counts, and another\'s once its key is named', async () => {
    const own = await drilled('state', 'own', '2026-03-23T02:00:00Z');
    expect((await period()).object.services[0]?.windows[0]).toMatchObject({ state: 'proven' });
    await configure(`reports: { keys: ["${fingerprint}"] }`);
    expect((await list()).text).not.toContain('UNKNOWN KEY');
    expect((await period()).object).toMatchObject({ summary: { proven: 2, unsigned: 0 } });
    expect((await check()).text).not.toContain('nobody here trusts');
    const trusted = await trustedReportKeys({ keepMs: 1, keys: [fingerprint] }, { HOLDFAST_STATE_DIR: join(directory, 'state') })();
    expect(trusted).toEqual([own.fingerprint, fingerprint]);
    expect(pastSamples([others, own.text], 'shop', trusted)).toHaveLength(2);
    await writeFile(join(directory, 'report.json'), others);
    expect((await said((context) => verifyFile(context, join(directory, 'report.json'), {}))).code).toBe(0);
    await configure('');
    expect((await said((context) => verifyFile(context, join(directory, 'report.json'), {}))).code).toBe(1);
  });
});

it('where keys are named and this machine has none, those alone count', async () => {
  await configure(`reports: { keys: ["SHA256:${'A'.repeat(43)}"] }`);
  expect((await period()).object).toMatchObject({ summary: { proven: 0, unsigned: 1 } });
  await configure(`reports: { keys: ["${fingerprint}"] }`);
  expect((await period()).object).toMatchObject({ summary: { proven: 1, unsigned: 0 } });
});

it('where nobody said whom to trust every report counts, and whose it is is said', async () => {
  expect((await list()).text).toMatch(new RegExp(`proven[^]*Signed by ${pattern(fingerprint)}: whose that is, nobody here has said.*reports\\.keys`));
  expect((await period()).object).toMatchObject({ summary: { proven: 1, unsigned: 0 } });
});
