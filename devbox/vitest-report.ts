/** The parts of vitest's JSON report that decide whether a run passed. */
export interface VitestReport {
  testResults: readonly {
    name: string;
    status: string;
    message?: string;
    assertionResults: readonly { status: string; fullName: string }[];
  }[];
}

/** Passed and failed tests, with a line for each failure that is not a failed test itself. */
export interface Tally {
  passed: number;
  failed: number;
  remarks: readonly string[];
}

/**
 * Counts a report. Only `passed` is a pass: a skipped or unfinished test is a failure, since a missing environment
 * is one. A file that could not be loaded has no tests and is one failure.
 */
export function tallyReport(report: VitestReport): Tally {
  let passed = 0;
  let failed = 0;
  const remarks: string[] = [];
  for (const file of report.testResults) {
    const failedBefore = failed;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed += 1;
      else failed += 1;
      if (test.status !== 'passed' && test.status !== 'failed') remarks.push(`${test.status}: ${test.fullName}`);
    }
    if (file.status !== 'passed' && failed === failedBefore) {
      failed += 1;
      remarks.push(`could not be run: ${file.name}`);
    }
  }
  return { passed, failed, remarks };
}
