/** Where words go: results to standard output, progress beside them, or to standard error when one JSON object is asked for. */
import { styleText } from 'node:util';
import { printable, printableJson } from './printable.ts';

export interface Output {
  readonly json: boolean;
  /** Is a person there who can be asked? */
  readonly interactive: boolean;
  /** Is the one line redrawn, or is every line final? */
  readonly redraws: boolean;
  /** What was asked for. Silent with `--json`. One line, as with all of these: a line break in it is spelled out. */
  result(line: string): void;
  /** How it is going. Silent with `--quiet`. */
  progress(line: string, style?: Style): void;
  /** A warning or a hint: standard error, always. */
  notice(line: string): void;
  /** The redrawn line; null removes it. Nothing where lines are final. */
  redraw(text: string | null): void;
  /** The one object of `--json`. Nothing otherwise. */
  object(value: object): void;
  /** A command that had nothing to say in JSON says its exit code: with `--json` there is always one object. */
  finish(exitCode: number): void;
}

export type Style = 'plain' | 'strong' | 'good' | 'warning';

const formats = { plain: [], strong: ['bold'], good: ['green'], warning: ['yellow'] } as const;

export interface Streams {
  readonly stdin: { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export function createOutput(options: { readonly json?: boolean; readonly quiet?: boolean }, streams: Streams): Output {
  const { stdout, stderr } = streams;
  const json = options.json === true;
  const talk = json ? stderr : stdout;
  const redraws = talk.isTTY === true && options.quiet !== true && process.env['TERM'] !== 'dumb';
  let drawn = false;
  let answered = false;
  const clear = (): void => {
    if (drawn) talk.write('\r\x1b[2K');
    drawn = false;
  };
  const write = (stream: NodeJS.WriteStream, line: string): void => {
    clear();
    stream.write(`${line}\n`);
  };
  const object = (value: object): void => {
    if (json) write(stdout, printableJson(value));
    answered = true;
  };
  return {
    json,
    redraws,
    interactive: !json && streams.stdin.isTTY === true && stdout.isTTY === true,
    result: (line) => {
      if (!json) write(stdout, printable(line));
    },
    progress: (line, style = 'plain') => {
      if (options.quiet !== true) write(talk, styled(printable(line), style, talk));
    },
    notice: (line) => write(stderr, printable(line)),
    redraw: (text) => {
      if (!redraws) return;
      clear();
      if (text === null) return;
      const width = Math.max(20, (talk.columns ?? 80) - 4);
      const shown = printable(text);
      talk.write(`  ${shown.length > width ? `${shown.slice(0, width - 1)}…` : shown}`);
      drawn = true;
    },
    object,
    finish: (exitCode) => {
      if (!answered) object({ exitCode });
    },
  };
}

/** NO_COLOR and pipes are respected by styleText itself. */
function styled(line: string, style: Style, stream: NodeJS.WriteStream): string {
  return style === 'plain' ? line : styleText([...formats[style]], line, { stream });
}
