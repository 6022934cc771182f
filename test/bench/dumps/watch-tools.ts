/** When the tools in the helpers run, as the machine's own list of processes tells: the scripts need not be asked, and cost nothing when nobody looks. */
import { readFileSync, readdirSync } from 'node:fs';

/** What to look for in a command line. */
const tools = {
  dump: /^(\/\S*\/)?pg_dump\0-w\0-Fd\0/,
  hashes: /^(\/\S*\/)?psql\0.*content\.sql/,
  tar: /^tar\0-cf\0-\0-C\0\/holdfast\/work/,
  rdb: /^redis-cli\0.*--rdb\0/,
} as const;
export type Tool = keyof typeof tools;

export interface Span {
  readonly beganMs: number;
  readonly endedMs: number;
}

const lookEveryMs = 20;

/** Answers, when it is stopped, from when to when each tool was seen; one that never was is missing. */
export function watchTools(): { stop(): ReadonlyMap<Tool, Span> } {
  const seen = new Map<Tool, Span>();
  const timer = setInterval(() => {
    const nowMs = Date.now();
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const line = commandLine(pid);
      for (const [tool, pattern] of Object.entries(tools) as [Tool, RegExp][]) {
        if (pattern.test(line)) seen.set(tool, { beganMs: seen.get(tool)?.beganMs ?? nowMs, endedMs: nowMs });
      }
    }
  }, lookEveryMs);
  return {
    stop: () => {
      clearInterval(timer);
      return seen;
    },
  };
}

/** A process that has ended meanwhile has none. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
