/** Measuring: whole steps, interleaved, medians and ratios. Nothing is asserted here; the table is the result. */
export interface Sample {
  readonly name: string;
  readonly seconds: number;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - began) / 1e9;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** Median, smallest and largest of each name, in the order they first came. */
export function table(samples: readonly Sample[]): string {
  const names = [...new Set(samples.map((sample) => sample.name))];
  return names.map((name) => {
    const seconds = samples.filter((sample) => sample.name === name).map((sample) => sample.seconds);
    return `${name.padEnd(52)} ${median(seconds).toFixed(2).padStart(8)} s   (${Math.min(...seconds).toFixed(2)} … ${Math.max(...seconds).toFixed(2)}, ${seconds.length} runs)`;
  }).join('\n');
}

export const medianOf = (samples: readonly Sample[], name: string): number => median(samples.filter((sample) => sample.name === name).map((sample) => sample.seconds));
