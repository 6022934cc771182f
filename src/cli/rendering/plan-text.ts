/** A plan as people read it before they say yes. Everything in it comes from the plan itself. Pure. */
import { shortDigest, type Loss, type PinnedStore, type PlannedMoment, type RestorePlan } from '../../domain/restore-plan.ts';
import { differenceLines } from '../../domain/tables/difference.ts';
import { counted, durationText } from '../../domain/wording.ts';
import { shownRunId } from '../../client/run-ids.ts';
import { localAndUtc, momentAndUtc, shortTime, zoneName } from './local-time.ts';

export interface PlanClock {
  readonly timeZone: string;
  /** ISO 8601; decides whether a day has to be named. */
  readonly now: string;
}

const labelWidth = 13;
const identityDigits = 5;

export function planText(plan: RestorePlan, clock: PlanClock): readonly string[] {
  const { body, envelope } = plan;
  const lines: string[] = [`  PLAN ${shortDigest(envelope.digest)}   expires ${shortTime(envelope.expiresAt, clock.timeZone, clock.now)} ${zoneName(envelope.expiresAt, clock.timeZone)}`];
  const add = (label: string, texts: readonly string[]): void => {
    texts.forEach((text, index) => lines.push(`  ${(index === 0 ? label : '').padEnd(labelWidth)}${text}`));
  };
  add(body.operation === 'accept' ? 'Removes' : body.tables === undefined ? 'Replaces' : 'Changes', [replacedText(plan)]);
  if (body.operation !== 'accept') add('With', [withText(plan, clock)]);
  add('Rows', (body.tables ?? []).flatMap(differenceLines));
  add('You lose', lossTexts(plan));
  add('Compared', comparedTexts(plan));
  add('Not compared', body.notCompared.map(({ object, reason }) => `${object}: ${reason}`));
  add('Note', body.notes);
  add('Then', body.steps.map((step, index) => `${index + 1}. ${step}`));
  add('Way back', [body.wayBack]);
  return lines;
}

function replacedText({ body }: RestorePlan): string {
  const stores = body.stores.map(storeText).join(' and ');
  if (body.tables !== undefined && body.tables.length > 0) return `rows of ${body.tables.map(({ table }) => table).join(', ')} in ${stores}`;
  if (body.tables !== undefined) return `no table; makes a schema in ${stores}`;
  return body.operation === 'accept' ? `what ${body.rollbackOf ?? 'an earlier run'} set aside in ${stores}` : stores;
}

function storeText(store: PinnedStore): string {
  const facts = [
    ...(store.database === null ? [] : [`database ${store.database}`]),
    ...(store.volume === '' ? [] : [`volume ${store.volume}`]),
    ...(store.identity === null ? [] : [`system id …${store.identity.slice(-identityDigits)}`]),
  ];
  return facts.length === 0 ? store.container : `${store.container} (${facts.join(', ')})`;
}

function withText({ body }: RestorePlan, clock: PlanClock): string {
  if (body.backup === null) return `the data that run ${body.rollbackOf ?? ''} set aside`;
  const skew = body.stores.length > 1 ? `, the stores within ${durationText(body.backup.skewMs)}` : '';
  if (body.moment !== undefined) return momentText(body.moment, body.backup, clock);
  return `backup ${body.backup.id}: the service as of ${localAndUtc(body.backup.point, clock.timeZone, clock.now)}${skew}`;
}

function momentText(moment: PlannedMoment, { id, point }: NonNullable<RestorePlan['body']['backup']>, clock: PlanClock): string {
  const asked = moment.asked === point || moment.asked === 'latest' ? '' : `, ${moment.inclusive ? 'up to and with' : 'just before'} ${moment.asked}`;
  const others = moment.companions.map((each) => `; ${each.component} of ${each.source === 'aof' ? 'its append-only file' : `backup ${each.backupId}`}, ${durationText(Math.abs(each.beforeMs))} ${each.beforeMs >= 0 ? 'before' : 'after'} that${each.unfit === undefined ? '' : ` (its append-only file does not lead there: ${each.unfit})`}`).join('');
  return `the service as of ${momentAndUtc(point, clock.timeZone, clock.now)}${asked} (position ${moment.lsn}, timeline ${moment.timeline}, from base backup ${id} and ${counted(moment.segments, 'file')} of log)${others}`;
}

function lossTexts({ body }: RestorePlan): readonly string[] {
  if (body.losses.length === 0) return body.operation === 'accept' ? ['the way back of that run; nothing live'] : [];
  return body.losses.flatMap((loss) => [lossText(loss), ...loss.notes.map((note) => `  ${note}`)]);
}

function lossText(loss: Loss): string {
  // What counts are ids: a vacuum of the server's own spends some too.
  const transactions = loss.transactions === null ? '' : `, at most ${counted(Number(loss.transactions), 'transaction').replace(/^\d+/, (digits) => Number(digits).toLocaleString('en-US'))}`;
  return `${loss.component}: everything after it, ${durationText(loss.seconds * 1000)}${transactions}`;
}

function comparedTexts({ body }: RestorePlan): readonly string[] {
  const texts = body.compared.map(({ component, objects, differences }) => `${component} ${differences.length === 0 ? `${counted(objects, 'object')} equal` : `${counted(differences.length, 'difference')}`}`);
  return texts.length === 0 ? [] : [texts.join(' · ')];
}

export interface ApprovalAddress {
  /** The server's address where it is not the one the Temporal CLI would use by itself. */
  readonly address: string | null;
  readonly namespace: string;
}

/** The exact lines with which whoever may do so approves. */
export function approvalLines(plan: RestorePlan, by: string, where: ApprovalAddress): readonly string[] {
  const { workflowId, runId, digest } = plan.envelope;
  const run = shownRunId(workflowId);
  const server = where.address === null ? '' : ` --address ${where.address} --namespace ${where.namespace}`;
  return [
    'Waiting for approval. To approve exactly this plan:',
    `  holdfast approve ${run} --plan ${shortDigest(digest)}`,
    `  temporal workflow update execute${server} --workflow-id ${quoted(workflowId)} --name approve --input ${quoted(JSON.stringify({ digest, runId, by }))}`,
    `To say no: holdfast reject ${run}. To follow it: holdfast watch ${run}.`,
  ];
}

/** For a POSIX shell. */
const quoted = (text: string): string => (/^[A-Za-z0-9_./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
