import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSigningKeyPem, parseSigningKey, publicKeyLine } from '../../src/report/signing-key.ts';
import { signatureHolds } from '../../src/report/signed-report.ts';
import { ownPublicKey, reportSigner, signingKeyPath } from '../../src/worker/report-key.ts';
import { sampleReport } from '../report/sample-report.ts';
import { failing } from '../support/failing.ts';

let directory: string;
let environment: NodeJS.ProcessEnv;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast test-'));
  environment = { HOLDFAST_STATE_DIR: join(directory, 'state') };
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('a key is made with the first report, for its owner alone, and stays', async () => {
  expect(await ownPublicKey(undefined, environment)).toBeNull();
  const sign = reportSigner(undefined, environment);
  // Of any number at once one makes it.
  const signed = await Promise.all([sign(sampleReport()), sign(sampleReport()), sign(sampleReport())]);
  expect(new Set(signed.map(({ signature }) => signature.value)).size).toBe(1);
  expect(signed.every(signatureHolds)).toBe(true);
  expect(await ownPublicKey(undefined, environment)).toBe(signed[0]?.signature.publicKey);
  expect((await stat(signingKeyPath(environment))).mode & 0o777).toBe(0o600);
  expect(await readdir(dirname(signingKeyPath(environment)))).toEqual(['report-signing.pem']);
});

test('the one that the configuration refers to is used, from a file of several lines or a variable of one', async () => {
  const pem = createSigningKeyPem();
  const file = join(directory, 'key.pem');
  await writeFile(file, pem);
  for (const signingKey of [{ file }, { env: 'REPORT_KEY' }]) {
    const signed = await reportSigner({ signingKey, keepMs: 1 }, { ...environment, REPORT_KEY: pem.split('\n').slice(1, -2).join('') })(sampleReport());
    expect(signed.signature.publicKey).toBe(publicKeyLine(parseSigningKey(pem)));
  }
  await expect(readFile(signingKeyPath(environment))).rejects.toThrow('ENOENT');
});

test('where it cannot be had, none is made in its place', async () => {
  await failing('SecretNotFound', () => reportSigner({ signingKey: { env: 'NOWHERE' }, keepMs: 1 }, environment)(sampleReport()));
  await failing('InvalidConfiguration', () => reportSigner({ signingKey: { env: 'REPORT_KEY' }, keepMs: 1 }, { ...environment, REPORT_KEY: 'hunter2' })(sampleReport()));
  await reportSigner(undefined, environment)(sampleReport());
  await chmod(signingKeyPath(environment), 0o600);
  await writeFile(signingKeyPath(environment), 'damaged');
  await failing('InvalidConfiguration', () => reportSigner(undefined, environment)(sampleReport()));
});
