/** `removeClone`: a copy of a service goes, with everything that was written to it. Shown first; what is removed is what was shown. */
import { checkCopyName } from '../../domain/copies/copy-name.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { commonFields, commonInput, onlyFields, optionalText } from '../shared/input-fields.ts';
import { requireShown } from '../shared/require-shown.ts';
import { inFrame } from '../shared/run.ts';
import type { RemoveCloneInput, RemoveCloneResult } from './messages.ts';

export async function removeClone(input: RemoveCloneInput): Promise<RemoveCloneResult> {
  return inFrame('removeClone', input, readInput, async (run) => {
    const { service, name, apply } = run.input;
    const copy = await run.host.quick.planRemoveCopy({ service, copy: name });
    if (copy === null) throw new HoldfastFailure('UnknownCopy', { operation: 'remove the copy', object: `${service}/${name}`, cause: 'there is no copy of that name on this Docker host', hint: 'See holdfast clone list.' });
    if (copy.refusal !== null) run.warn(`${copy.refusal.cause}. ${copy.refusal.hint}`);
    if (apply === undefined) {
      run.note(`${name}${copy.point === '' ? '' : `, of ${copy.point}`}: ${[...copy.containers.map((container) => container.name), ...copy.volumes.map((volume) => `volume ${volume}`), ...copy.networks.map((network) => `network ${network}`)].join(', ')}`);
      return { outcome: 'planned', copy };
    }
    requireShown(`${service}/${name}`, 'remove the copy', copy.digest, apply, `holdfast clone remove ${name}`);
    run.step(`Removing the copy ${name}`);
    await run.host.long.removeCopy({ service, copy: name, makers: copy.makers });
    run.done(`${name} is gone`);
    return { outcome: 'removed', copy };
  });
}

function readInput(raw: Record<string, unknown>): RemoveCloneInput {
  onlyFields(raw, [...commonFields, 'name', 'apply']);
  const apply = optionalText(raw, 'apply');
  return { ...commonInput(raw), name: checkCopyName(raw['name']), ...(apply === undefined ? {} : { apply }) };
}
