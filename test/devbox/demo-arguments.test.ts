import { describe, expect, it } from 'vitest';
import { demoHelp, readDemoArguments } from '../../devbox/demo-arguments.mjs';

const read = (...args: string[]) => readDemoArguments(args);

describe('the demo\'s arguments', () => {
  it('are optional', () => {
    expect(read()).toEqual({ choices: { sizeMb: 200, keep: false, clean: false, help: false } });
    expect(read('--size', '50', '--keep')).toEqual({ choices: { sizeMb: 50, keep: true, clean: false, help: false } });
    expect(read('--clean').choices?.clean).toBe(true);
  });

  it.each(['abc', '3', '4', '0', '-5', '1e3', '5.5', '', '20001', '0x50'])('know no size of %j', (size) => {
    expect(read(`--size=${size}`).problem).toMatch(/^--size .* is not a whole number of megabytes from 5 to 20000$/);
  });

  it.each([['--sise', '5'], ['--size'], ['200'], ['--keep', '--clean']])('do not put up with %j', (...args) => {
    expect(read(...args).problem).toMatch(/\S/);
  });

  it('are all explained', () => {
    for (const name of ['--size', '--keep', '--clean', '--help']) expect(demoHelp).toContain(`  ${name}`);
  });
});
