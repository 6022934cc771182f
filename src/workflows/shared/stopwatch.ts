/** Phase times of a run by the workflow's own clock: measured, and the same on replay. */
export interface Stopwatch {
  /** Ends the phase before and begins this one. */
  lap(phase: string): void;
  end(): readonly { readonly phase: string; readonly durationMs: number }[];
}

export function startStopwatch(): Stopwatch {
  const laps: { phase: string; durationMs: number }[] = [];
  let current: { phase: string; beganMs: number } | null = null;
  const close = (): void => {
    if (current !== null) laps.push({ phase: current.phase, durationMs: Date.now() - current.beganMs });
    current = null;
  };
  return {
    lap: (phase) => {
      close();
      current = { phase, beganMs: Date.now() };
    },
    end: () => {
      close();
      return laps;
    },
  };
}
