/** Reading the input of `runDrill`, strictly. */
import { checkName } from '../../domain/identifiers.ts';
import { invalid } from '../shared/restore-fields.ts';
import { commonFields, commonInput, onlyFields, optionalChoice, optionalText } from '../shared/input-fields.ts';
import { drillDepths, type RunDrillInput } from './messages.ts';

/** @throws HoldfastFailure InvalidInput */
export function readDrillInput(raw: Record<string, unknown>): RunDrillInput {
  onlyFields(raw, [...commonFields, 'depth', 'backup', 'repository']);
  const depth = optionalChoice(raw, 'depth', drillDepths) ?? 'restore';
  const [backup, repository] = [optionalText(raw, 'backup'), optionalText(raw, 'repository')];
  if (depth !== 'restore' && backup !== undefined) throw invalid('backup', `a ${depth} comes back to the newest point that there is`, 'Leave it out, or drill the backup itself: "depth":"restore".');
  if (depth === 'failover' && repository !== undefined) throw invalid('repository', 'of a failover the configuration says which one is off site', 'Leave it out; see failover.repository in holdfast.yaml.');
  return {
    ...commonInput(raw), depth, ...(backup === undefined ? {} : { backup }), ...(repository === undefined ? {} : { repository: checkName('repository', repository) }),
    // In none of the service's own containers: the run works on nothing that is live, and whoever cleans up after it looks at nothing that is.
    into: {},
  };
}
