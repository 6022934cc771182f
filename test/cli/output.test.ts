/** Which words go to which stream: in a pipe, on a terminal, with `--json`, with `--quiet`. */
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createOutput } from '../../src/cli/output.ts';
import { showPlan } from '../../src/cli/show-plan.ts';
import type { RestorePlan } from '../../src/domain/restore-plan.ts';

class Sink extends Writable {
  text = '';
  isTTY: boolean;
  columns = 40;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

function spoken(options: { json?: boolean; quiet?: boolean }, isTTY: boolean) {
  const [stdout, stderr] = [new Sink(isTTY), new Sink(isTTY)];
  const output = createOutput(options, { stdin: { isTTY }, stdout: stdout as unknown as NodeJS.WriteStream, stderr: stderr as unknown as NodeJS.WriteStream });
  return { output, stdout, stderr };
}

const plan: RestorePlan = {
  body: {
    format: 1, operation: 'restore', service: 'shop', backup: { id: '20261123-010000', manifestSha256: 'a'.repeat(64), point: '2026-11-23T01:00:00Z', skewMs: 900 }, rollbackOf: null,
    stores: [{ component: 'postgres', engine: 'postgres', container: 'db', containerId: 'c', volume: 'pgdata', identity: '7400000000000020417', database: 'shop' }],
    restarts: [], steps: ['exchange the databases'], losses: [{ component: 'postgres', after: '2026-11-23T01:00:00Z', seconds: 1257, transactions: '1377', notes: [] }],
    compared: [{ component: 'postgres', objects: 47, differences: [] }], notCompared: [], notes: [], wayBack: 'holdfast undo r-7f3a',
  },
  envelope: { workflowId: 'holdfast/restore/shop/20261123-030400-7f3a', runId: 'r', nonce: 'n', issuedAt: '2026-11-23T02:08:00Z', expiresAt: '2026-11-23T06:08:00Z', digest: `7f3a91c2${'0'.repeat(56)}` },
};
const clock = () => ({ timeZone: 'Europe/Berlin', now: '2026-11-23T03:04:00Z' });

describe('a plan', () => {
  it('is shown to whoever is asked about it, also when everything else is quiet', () => {
    for (const isTTY of [true, false]) {
      const { output, stdout } = spoken({ quiet: true }, isTTY);
      output.progress('how it is going');
      showPlan({ output, clock }, plan);
      expect(stdout.text).not.toContain('how it is going');
      expect(stdout.text).toMatch(/PLAN 7f3a-91c2 {3}expires 07:08 CET\n {2}Replaces {5}db \(database shop, volume pgdata, system id …20417\)/);
      expect(stdout.text).toContain('You lose     postgres: everything after it, 20 min 57 s, at most 1,377 transactions');
      expect(stdout.text).toMatch(/the service as of 02:00:00 CET \(01:00:00 UTC\)/);
    }
  });

  it('is beside the one object of --json, not in front of it', () => {
    const { output, stdout, stderr } = spoken({ json: true, quiet: true }, false);
    showPlan({ output, clock }, plan);
    output.object({ exitCode: 5 });
    output.finish(5);
    expect(JSON.parse(stdout.text)).toEqual({ exitCode: 5 });
    expect(stderr.text).toContain('PLAN 7f3a-91c2');
  });
});

describe('output', () => {
  it('asks only where a person is, and redraws only what is no pipe', () => {
    const asked = (options: { json?: boolean; quiet?: boolean }, isTTY: boolean) => (({ interactive, redraws }) => [interactive, redraws])(spoken(options, isTTY).output);
    expect(asked({}, true)).toEqual([true, true]);
    expect(asked({ quiet: true }, true)).toEqual([true, false]);
    expect(asked({ json: true }, true)).toEqual([false, true]);
    expect(asked({}, false)).toEqual([false, false]);
  });

  it('has no control characters in a pipe, and takes the drawn line away before the next one', () => {
    const pipe = spoken({}, false);
    pipe.output.redraw('half');
    pipe.output.progress('strong', 'strong');
    expect(pipe.stdout.text).toBe('strong\n');
    const terminal = spoken({}, true);
    terminal.output.redraw('x'.repeat(100));
    terminal.output.result('done');
    expect(terminal.stdout.text).toBe(`  ${'x'.repeat(35)}…\r\u001b[2Kdone\n`);
  });

  it('lets nothing that somebody wrote do more than stand there, whichever way it goes', () => {
    const reason = 'for the audit\n20261123-010000  yes\u001b[1A\u009b2K';
    const shown = 'for the audit\\n20261123-010000  yes\\u001b[1A\\u009b2K';
    const pipe = spoken({}, false);
    pipe.output.result(reason);
    pipe.output.progress(reason, 'strong');
    pipe.output.notice(reason);
    expect([pipe.stdout.text, pipe.stderr.text]).toEqual([`${shown}\n${shown}\n`, `${shown}\n`]);
    const terminal = spoken({}, true);
    terminal.output.redraw('\u001b[1A');
    expect(terminal.stdout.text).toBe('  \\u001b[1A');
    const json = spoken({ json: true }, true);
    json.output.object({ reason });
    expect([JSON.parse(json.stdout.text), json.stdout.text.includes('\u009b')]).toEqual([{ reason }, false]);
  });

  it('is one object, also of a command that has nothing else to say', () => {
    const { output, stdout } = spoken({ json: true }, false);
    output.result('words');
    output.finish(0);
    expect(JSON.parse(stdout.text)).toEqual({ exitCode: 0 });
    const plain = spoken({}, false);
    plain.output.finish(0);
    expect(plain.stdout.text).toBe('');
  });
});
