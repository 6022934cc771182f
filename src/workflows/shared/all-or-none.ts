/** Things done side by side that only count together. */
import { CancellationScope } from '@temporalio/workflow';

/** Runs all at once. When one fails, the others are cancelled and waited for, so that clean-up never races with work; then the first failure is thrown. */
export async function allOrNone<T>(tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const scope = new CancellationScope({ cancellable: true });
  return scope.run(async () => {
    const running = tasks.map((task) => task());
    try {
      return await Promise.all(running);
    } catch (error) {
      scope.cancel();
      await Promise.allSettled(running);
      throw error;
    }
  });
}
