/** A report and its signature, as they are stored and handed on: canonical JSON, so that there is one text for each, and no byte of it can be another. */
import { createHash, sign, verify, type KeyObject } from 'node:crypto';
import { canonicalJson } from '../domain/canonical-json.ts';
import { reportBytes, type DrillReport } from '../domain/drill/drill-report.ts';
import { fingerprintOf, parsePublicKey, publicKeyLine } from './signing-key.ts';

export const signedReportFormat = 1;

export interface ReportSignature {
  readonly algorithm: 'ed25519';
  /** `ssh-ed25519 AAAA…`. Whoever verifies brings the key or its fingerprint along: this one says only which to bring. */
  readonly publicKey: string;
  readonly fingerprint: string;
  /** Base64, over {@link reportBytes}. */
  readonly value: string;
}

export interface SignedReport {
  readonly format: typeof signedReportFormat;
  readonly report: DrillReport;
  readonly signature: ReportSignature;
}

export function signReport(report: DrillReport, key: KeyObject): SignedReport {
  const publicKey = publicKeyLine(key);
  const value = sign(null, Buffer.from(reportBytes(report), 'utf8'), key).toString('base64');
  return { format: signedReportFormat, report, signature: { algorithm: 'ed25519', publicKey, fingerprint: fingerprintOf(publicKey), value } };
}

/** The text of report.json: canonical, without a line end. */
export const signedReportText = (signed: SignedReport): string => canonicalJson(signed);

/** SHA-256 of report.json, as `sha256sum` prints it. */
export const signedReportSha256 = (signed: SignedReport): string => createHash('sha256').update(signedReportText(signed)).digest('hex');

/** Was this very report signed with the key that it names? Says nothing about whose key that is. */
export function signatureHolds({ report, signature }: SignedReport): boolean {
  const key = parsePublicKey(signature.publicKey);
  if (key === null || signature.publicKey !== publicKeyLine(key) || signature.fingerprint !== fingerprintOf(signature.publicKey)) return false;
  const value = Buffer.from(signature.value, 'base64');
  // Base64 has several texts for some bytes; a report has one.
  return value.toString('base64') === signature.value && verify(null, Buffer.from(reportBytes(report), 'utf8'), key, value);
}
