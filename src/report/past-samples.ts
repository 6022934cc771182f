/** What past reports add to the trend of the next. */
import { sampleOf } from '../domain/drill/drill-report.ts';
import type { DrillSample } from '../domain/drill/trend.ts';
import { readReport } from './read-report.ts';
import { signatureHolds } from './signed-report.ts';
import { isTrusted, type TrustedKeys } from './trusted-keys.ts';

/** @param texts of stored reports. One that was changed, is signed by a key that is not trusted, or is of another service, adds nothing. */
export const pastSamples = (texts: readonly string[], service: string, trusted: TrustedKeys): readonly DrillSample[] => texts.flatMap((text) => {
  const { signed } = readReport(text);
  return signed === null || signed.report.service !== service || !signatureHolds(signed) || !isTrusted(trusted, signed.signature.fingerprint) ? [] : [sampleOf(signed.report)];
});
