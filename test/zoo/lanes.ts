/** Several side by side, for most of each is waiting; each told as it comes. */
export interface LaneOptions<T, R> {
  readonly lanes: number;
  readonly signal: AbortSignal;
  run(item: T): Promise<R>;
  tell(result: NoInfer<R>): void;
}

/** What was not begun when the signal came is missing from the results. */
export async function inLanes<T, R>(items: readonly T[], { lanes, signal, run, tell }: LaneOptions<T, R>): Promise<readonly R[]> {
  const [queue, results] = [[...items], [] as R[]];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) {
      const result = await run(next);
      results.push(result);
      tell(result);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  return results;
}
