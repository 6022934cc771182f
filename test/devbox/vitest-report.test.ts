import { expect, test } from 'vitest';
import { tallyReport } from '../../devbox/vitest-report.ts';

const file = (status: string, ...tests: string[]) => ({
  name: '/checkout/test/some.test.ts',
  status,
  assertionResults: tests.map((it, index) => ({ status: it, fullName: `case ${index}`, tags: [] })),
});

test('counts passed and failed tests', () => {
  expect(tallyReport({ testResults: [file('passed', 'passed', 'passed'), file('failed', 'failed', 'passed')] }, 'long')).toEqual({
    passed: 3,
    failed: 1,
    leftOut: 0,
    remarks: [],
  });
});

test('counts a file that could not be loaded as one failure', () => {
  const tally = tallyReport({ testResults: [file('failed')] }, 'long');
  expect(tally).toMatchObject({ passed: 0, failed: 1 });
  expect(tally.remarks[0]).toContain('could not be run');
});

test.for(['skipped', 'pending', 'todo'])('counts a test that is %s as a failure', (status) => {
  expect(tallyReport({ testResults: [file('passed', 'passed', status)] }, 'long')).toMatchObject({ passed: 1, failed: 1 });
});

test('an empty report passes nothing', () => {
  expect(tallyReport({ testResults: [] }, 'long')).toEqual({ passed: 0, failed: 0, leftOut: 0, remarks: [] });
});

test('what was told to be left out is neither, and only that', () => {
  const tests = [['passed', 'long'], ['skipped', 'long'], ['failed', 'long'], ['skipped', 'other']].map(([status, tag], index) => ({ status: String(status), fullName: `case ${index}`, tags: [String(tag)] }));
  const report = { testResults: [{ ...file('failed'), assertionResults: tests }] };
  expect(tallyReport(report, 'long')).toEqual({ passed: 1, failed: 2, leftOut: 1, remarks: ['skipped: case 3'] });
  expect(tallyReport(report, null)).toMatchObject({ passed: 1, failed: 3, leftOut: 0 });
});
