import { expect, test } from 'vitest';
import { tallyReport } from '../../devbox/vitest-report.ts';

const file = (status: string, ...tests: string[]) => ({
  name: '/checkout/test/some.test.ts',
  status,
  assertionResults: tests.map((it, index) => ({ status: it, fullName: `case ${index}` })),
});

test('counts passed and failed tests', () => {
  expect(tallyReport({ testResults: [file('passed', 'passed', 'passed'), file('failed', 'failed', 'passed')] })).toEqual({
    passed: 3,
    failed: 1,
    remarks: [],
  });
});

test('counts a file that could not be loaded as one failure', () => {
  const tally = tallyReport({ testResults: [file('failed')] });
  expect(tally).toMatchObject({ passed: 0, failed: 1 });
  expect(tally.remarks[0]).toContain('could not be run');
});

test.for(['skipped', 'pending', 'todo'])('counts a test that is %s as a failure', (status) => {
  expect(tallyReport({ testResults: [file('passed', 'passed', status)] })).toMatchObject({ passed: 1, failed: 1 });
});

test('an empty report passes nothing', () => {
  expect(tallyReport({ testResults: [] })).toEqual({ passed: 0, failed: 0, remarks: [] });
});
