/** One line per set-up step, with the time it took, so that a slow first run explains itself. */

const nameWidth = 15;

/** Prints what is about to take a while, before it does. */
export function announce(name: string, text: string): void {
  process.stdout.write(`  ${name.padEnd(nameWidth)} ${text} …\n`);
}

/** Runs one step and prints its outcome (the text the step returns) with the elapsed time. */
export async function step<T>(name: string, work: () => Promise<{ value: T; outcome: string }>): Promise<T> {
  const beganAt = performance.now();
  const { value, outcome } = await work();
  process.stdout.write(`  ${name.padEnd(nameWidth)} ${outcome} ${formatElapsed(performance.now() - beganAt)}\n`);
  return value;
}

/** `0.4 s`, `12 s`, `2 min 30 s`. */
export function formatElapsed(elapsedMs: number): string {
  if (elapsedMs < 9_950) return `${(elapsedMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(elapsedMs / 1000);
  return seconds < 100 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
