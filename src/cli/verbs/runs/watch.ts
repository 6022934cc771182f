import type { Command } from 'commander';
import { act, verb } from '../../verb.ts';

export function watchCommand(): Command {
  return verb('watch', 'Follow a run to its end; where its plan waits and you are on a terminal, you can approve it.', ['watch', 'watch r-7f3a'])
    .argument('[run]', 'the run; the newest open one by default')
    .option('--by <name>', 'who approves, if you do (default: you at this machine)')
    .action(act<{ by?: string }>(async (context, { by }, text) => {
      const { openSession } = await import('../../temporal-session.ts');
      const { chosenRun } = await import('../../chosen-run.ts');
      const { followToEnd } = await import('../../follow-to-end.ts');
      const session = await openSession(context);
      try {
        const { workflowId } = await chosenRun(context, session, text);
        return await followToEnd(context, session, workflowId, { by: by ?? context.me, unattended: 'stay' });
      } finally {
        await session.close();
      }
    }));
}
