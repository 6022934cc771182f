/** `markMoment`: a place in the log, just behind everything that is committed, and its name in the repository. For deploy pipelines. */
import { checkMarkName } from '../../domain/point.ts';
import { commonFields, commonInput, onlyFields } from '../shared/input-fields.ts';
import { inFrame } from '../shared/run.ts';
import { workflowFailure } from '../shared/workflow-failure.ts';
import type { MarkMomentInput, MarkMomentResult } from './messages.ts';

export async function markMoment(input: MarkMomentInput): Promise<MarkMomentResult> {
  return inFrame('markMoment', input, readInput, async (run) => {
    const component = run.components.find(({ engine }) => engine === 'postgres');
    if (component?.engine !== 'postgres') {
      throw workflowFailure('PointUnreachable', { operation: 'mark the moment', object: run.input.service, cause: 'the service has no PostgreSQL, and Redis keeps no log to come back along', hint: 'Take a backup instead: holdfast backup.' });
    }
    run.step(`Marking this moment as ${run.input.name}`);
    const { warnings, ...marked } = await run.host.quick.placeMark({ ...run.input, component });
    for (const warning of warnings) run.warn(warning);
    run.done(`${marked.name} stands at ${marked.lsn}, ${marked.at}`);
    return marked;
  });
}

function readInput(raw: Record<string, unknown>): MarkMomentInput {
  onlyFields(raw, [...commonFields, 'name']);
  return { ...commonInput(raw), name: checkMarkName(raw['name']) };
}
