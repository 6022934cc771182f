/** The parts of vitest's JSON report that decide whether a run passed. */
export interface VitestReport {
  testResults: readonly {
    name: string;
    status: string;
    message?: string;
    assertionResults: readonly { status: string; fullName: string; tags: readonly string[] }[];
  }[];
}

/** Passed and failed tests, those that were left out by their tag, and a line for each failure that is not a failed test itself. */
export interface Tally {
  passed: number;
  failed: number;
  leftOut: number;
  remarks: readonly string[];
}

/**
 * Counts a report. Only `passed` is a pass: a skipped or unfinished test is a failure, since a missing environment
 * is one; but for those whose tag this run was told to leave out. A file that could not be loaded has no tests and is
 * one failure.
 */
export function tallyReport(report: VitestReport, leaveOut: string | null): Tally {
  let passed = 0;
  let failed = 0;
  let leftOut = 0;
  const remarks: string[] = [];
  for (const file of report.testResults) {
    const failedBefore = failed;
    for (const test of file.assertionResults) {
      if (test.status === 'skipped' && leaveOut !== null && test.tags.includes(leaveOut)) {
        leftOut += 1;
        continue;
      }
      if (test.status === 'passed') passed += 1;
      else failed += 1;
      if (test.status !== 'passed' && test.status !== 'failed') remarks.push(`${test.status}: ${test.fullName}`);
    }
    if (file.status !== 'passed' && failed === failedBefore) {
      failed += 1;
      remarks.push(`could not be run: ${file.name}`);
    }
  }
  return { passed, failed, leftOut, remarks };
}
