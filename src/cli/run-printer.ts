/** Prints a run's events as they come, each once, and how far it is. */
import type { RunView } from '../client/read-run.ts';
import type { CommandContext } from './command-context.ts';
import type { Style } from './output.ts';
import { eventText, newEvents, progressText, retryTexts } from './rendering/run-lines.ts';

const styles: Record<'step' | 'done' | 'note' | 'warning', Style> = { step: 'strong', done: 'good', note: 'plain', warning: 'warning' };

export function createRunPrinter({ output, clock }: Pick<CommandContext, 'output' | 'clock'>): { print(view: RunView): void } {
  let shown = 0;
  const retries = new Set<string>();
  return {
    print(view) {
      if (view.status !== null) {
        const fresh = newEvents(view.status, shown);
        if (fresh.missed > 0) output.progress(`  (${fresh.missed} earlier lines are not kept)`);
        for (const event of fresh.events) output.progress(eventText(event, clock()), styles[event.kind]);
        shown = fresh.shown;
      }
      if (output.redraws) output.redraw(progressText(view));
      else for (const text of retryTexts(view).filter((each) => !retries.has(each))) {
        retries.add(text);
        output.progress(`! ${text}`);
      }
    },
  };
}
