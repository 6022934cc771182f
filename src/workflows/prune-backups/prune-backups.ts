/** `pruneBackups`: by the retention of the service, each backup is kept or goes, with its reason; a plan that removes more than comes of age waits for a yes. */
import { changesAnything, type PrunePlan } from '../../domain/retention/prune-plan.ts';
import { restoreIsOpen } from '../../domain/retention/restoring.ts';
import { shortDigest } from '../../domain/restore-plan.ts';
import { commonFields, commonInput, onlyFields, optionalFlag, optionalText } from '../shared/input-fields.ts';
import { carryOutAndTell, planAndTell } from '../shared/prune-steps.ts';
import { requireShown } from '../shared/require-shown.ts';
import { inFrame, type Run } from '../shared/run.ts';
import { workflowFailure } from '../shared/workflow-failure.ts';
import type { PruneBackupsInput, PruneBackupsResult } from './messages.ts';

export async function pruneBackups(input: PruneBackupsInput): Promise<PruneBackupsResult> {
  return inFrame('pruneBackups', input, readInput, async (run) => {
    const { service, apply } = run.input;
    const plans: PrunePlan[] = [];
    for (const repository of repositoriesOf(run)) {
      run.step(`Planning what goes from ${repository}`);
      plans.push(await planAndTell(run, repository));
    }
    const digest = combined(plans);
    if (run.input.plan === true) return { plans, digest, outcome: 'planned', done: [] };
    requireNoRestore(service, plans);
    if (apply !== undefined) requireShown(service, 'remove backups', digest, apply, 'holdfast prune --plan');
    else requireUnasked(service, plans, digest);
    const done: PruneBackupsResult['done'][number][] = [];
    for (const { repository, question } of plans) {
      run.step(`Pruning ${repository}`);
      // Who named a plan that asks has answered it; who named one that does not has answered nothing.
      done.push({ repository, ...await carryOutAndTell(run, repository, apply !== undefined && question !== null) });
    }
    return { plans, digest, outcome: plans.some(changesAnything) ? 'pruned' : 'nothing', done };
  });
}

/** @throws InvalidInput */
function repositoriesOf({ input: { service, repository }, service: { definition } }: Run<PruneBackupsInput>): readonly string[] {
  if (repository === undefined) return definition.repositories;
  if (definition.repositories.includes(repository)) return [repository];
  throw workflowFailure('InvalidInput', { operation: 'read the input', object: 'repository', cause: `${service} has no repository of that name`, hint: `It has ${definition.repositories.join(', ')}.` });
}

/** Of one, its own: so that a plan of one repository is approved by the digest that it shows. */
const combined = (plans: readonly PrunePlan[]): string => (plans.length === 1 ? (plans[0] as PrunePlan).digest : plans.map(({ digest }) => digest.slice(0, 32)).join(''));

/** @throws ServiceBusy */
function requireNoRestore(service: string, plans: readonly PrunePlan[]): void {
  const restore = plans.find(({ waitsFor }) => waitsFor !== undefined)?.waitsFor;
  if (restore === undefined) return;
  const { type, fields } = restoreIsOpen(service, 'remove backups', restore);
  throw workflowFailure(type, fields);
}

/** @throws ApprovalMissing */
function requireUnasked(service: string, plans: readonly PrunePlan[], digest: string): void {
  const asking = plans.find(({ question }) => question !== null);
  if (asking === undefined) return;
  const shown = shortDigest(digest);
  throw workflowFailure('ApprovalMissing', { operation: 'remove backups', object: `${service} in ${asking.repository}`, cause: asking.question ?? '', hint: `Nothing was removed. Look at it with holdfast prune --plan; if it is meant so: holdfast prune --apply ${shown}` });
}

function readInput(raw: Record<string, unknown>): PruneBackupsInput {
  onlyFields(raw, [...commonFields, 'repository', 'plan', 'apply']);
  const [repository, plan, apply] = [optionalText(raw, 'repository'), optionalFlag(raw, 'plan'), optionalText(raw, 'apply')];
  if (plan === true && apply !== undefined) throw workflowFailure('InvalidInput', { operation: 'read the input', object: 'plan', cause: 'a plan that is only shown is not carried out', hint: 'Give either "plan" or "apply".' });
  return { ...commonInput(raw), ...(repository === undefined ? {} : { repository }), ...(plan === undefined ? {} : { plan }), ...(apply === undefined ? {} : { apply }) };
}
