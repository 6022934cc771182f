import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { endProcess, identifyProcess, livingPid } from '../../devbox/process-identity.ts';

test('a living process is recognised by pid and start time', () => {
  const identity = identifyProcess(process.pid);
  expect(identity).toMatch(/^\d+:\d+$/);
  expect(livingPid(identity ?? '')).toBe(process.pid);
});

test('a pid that another process has now is not taken for the old one', () => {
  expect(livingPid(`${process.pid}:1`)).toBeUndefined();
});

test.for(['', 'unknown', '1:0', '-5:7'])('%j names no process', (identity) => {
  expect(livingPid(identity)).toBeUndefined();
});

test('a process that ignores SIGTERM is ended all the same', async () => {
  const ready = `process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', ready], { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const identity = identifyProcess(child.pid ?? 0) ?? '';
  await endProcess(identity, 200);
  expect(livingPid(identity)).toBeUndefined();
});
