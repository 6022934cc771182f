import { describe, expect, it } from 'vitest';
import { endRunningCommands, runCommand } from '../../devbox/run-command.ts';
import { describeFailure, Interruption } from '../../devbox/setup-failure.ts';
import { unlessAborted } from '../../devbox/signals.ts';

describe('unlessAborted', () => {
  it('answers what the work answers', async () => {
    await expect(unlessAborted(new AbortController().signal, Promise.resolve(7))).resolves.toBe(7);
    await expect(unlessAborted(new AbortController().signal, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });

  it('gives back what comes after the interruption', async () => {
    const controller = new AbortController();
    const engine = Promise.withResolvers<string>();
    const returned: string[] = [];
    const waiting = unlessAborted(controller.signal, engine.promise, async (late) => void returned.push(late));
    controller.abort(new Interruption('SIGINT'));
    engine.resolve('an engine');
    await expect(waiting).rejects.toBeInstanceOf(Interruption);
    expect(returned).toEqual(['an engine']);
  });
});

describe('an interruption', () => {
  it('is one sentence', () => {
    expect(describeFailure(new Interruption('SIGTERM'))).toMatch(/^Interrupted by SIGTERM[^\n]*\.$/);
  });

  it('ends what runs, and lets nothing begin but clean-up', async () => {
    const running = runCommand('sleep', ['60']);
    endRunningCommands();
    expect((await running).exitCode).not.toBe(0);
    expect((await runCommand('true', [])).exitCode).toBe(130);
    expect((await runCommand('true', [], { cleanUp: true })).exitCode).toBe(0);
  });
});
