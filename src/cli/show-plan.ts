/** A plan in front of whoever decides about it. It is never progress: nothing that silences progress may hide what is approved. */
import type { RestorePlan } from '../domain/restore-plan.ts';
import type { CommandContext } from './command-context.ts';
import { planText } from './rendering/plan-text.ts';

/** On standard output; beside the one object of `--json` on standard error. */
export function showPlan({ output, clock }: Pick<CommandContext, 'output' | 'clock'>, plan: RestorePlan): void {
  const say = output.json ? output.notice : output.result;
  for (const line of ['', ...planText(plan, clock()), '']) say(line);
}
