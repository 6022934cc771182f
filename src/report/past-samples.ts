/** What past reports add to the trend of the next. */
import { sampleOf } from '../domain/drill/drill-report.ts';
import type { DrillSample } from '../domain/drill/trend.ts';
import { readReport } from './read-report.ts';
import { signatureHolds } from './signed-report.ts';

/** @param texts of stored reports. One that was changed, or is of another service, adds nothing. */
export const pastSamples = (texts: readonly string[], service: string): readonly DrillSample[] => texts.flatMap((text) => {
  const { signed } = readReport(text);
  return signed === null || signed.report.service !== service || !signatureHolds(signed) ? [] : [sampleOf(signed.report)];
});
