/** Undo what was begun, last first, out of reach of a cancellation, without hiding why. */
import { CancellationScope } from '@temporalio/workflow';

export interface Compensation {
  readonly name: string;
  run(): Promise<unknown>;
}

export interface Compensations {
  /** Registered *before* the step it undoes: the step may have happened although its activity failed. Must be idempotent. */
  add(name: string, run: () => Promise<unknown>): void;
  /** The step is final: its compensation no longer applies. */
  drop(name: string): void;
  /** Runs all that remain, last first, shielded. Answers what failed: the caller reports it, and reapLeftovers finishes it. */
  run(): Promise<readonly string[]>;
}

export function createCompensations(): Compensations {
  const pending: Compensation[] = [];
  return {
    add: (name, run) => void pending.push({ name, run }),
    drop: (name) => {
      const index = pending.findIndex((compensation) => compensation.name === name);
      if (index >= 0) pending.splice(index, 1);
    },
    run: () => CancellationScope.nonCancellable(async () => {
      const failures: string[] = [];
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
        const { name, run } = next;
        await run().catch((error: unknown) => failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`));
      }
      return failures;
    }),
  };
}
