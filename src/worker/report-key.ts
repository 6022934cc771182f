/** The key of this installation that reports are signed with: the one the configuration refers to, or one that is made here when the first report is signed. */
import type { KeyObject } from 'node:crypto';
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ReportSettings } from '../config/config.ts';
import { resolveKeyText } from '../config/secrets.ts';
import type { DrillReport } from '../domain/drill/drill-report.ts';
import { signReport, type SignedReport } from '../report/signed-report.ts';
import { createSigningKeyPem, fingerprintOf, parseSigningKey, publicKeyLine } from '../report/signing-key.ts';
import type { TrustedKeys } from '../report/trusted-keys.ts';
import { writeNew } from '../storage/local/publish.ts';
import { openStateDirectory, stateDirectory } from './local/state-directory.ts';

export const signingKeyPath = (environment: NodeJS.ProcessEnv): string => join(stateDirectory(environment), 'keys', 'report-signing.pem');

/** Signs with the key that is found at that moment. @throws SecretNotFound, InvalidConfiguration */
export const reportSigner = (settings: ReportSettings | undefined, environment: NodeJS.ProcessEnv) => async (report: DrillReport): Promise<SignedReport> => signReport(report, await signingKey(settings, environment));

/** Whose reports count here: its own key's, which is made where there is none yet, and those of the keys that the configuration names. @throws SecretNotFound, InvalidConfiguration */
export const trustedReportKeys = (settings: ReportSettings | undefined, environment: NodeJS.ProcessEnv) => async (): Promise<TrustedKeys> =>
  [fingerprintOf(publicKeyLine(await signingKey(settings, environment))), ...settings?.keys ?? []];

async function signingKey(settings: ReportSettings | undefined, environment: NodeJS.ProcessEnv): Promise<KeyObject> {
  if (settings?.signingKey !== undefined) return parseSigningKey(await resolveKeyText(settings.signingKey, environment));
  return parseSigningKey(await readOwn(environment) ?? await makeOwn(environment));
}

/** The public half of the key this machine signs with, as one line; null where it has none yet. Makes none. @throws SecretNotFound, InvalidConfiguration */
export async function ownPublicKey(settings: ReportSettings | undefined, environment: NodeJS.ProcessEnv): Promise<string | null> {
  const source = settings?.signingKey !== undefined ? await resolveKeyText(settings.signingKey, environment) : await readOwn(environment);
  return source === null ? null : publicKeyLine(parseSigningKey(source));
}

function readOwn(environment: NodeJS.ProcessEnv): Promise<string | null> {
  return readFile(signingKeyPath(environment), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
}

/** Whole or not at all, and of any number of processes one wins: a key that was used once has to stay. */
async function makeOwn(environment: NodeJS.ProcessEnv): Promise<string> {
  await openStateDirectory(environment);
  const path = signingKeyPath(environment);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await writeNew(draft, createSigningKeyPem());
    await link(draft, path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(path, 'utf8');
}
