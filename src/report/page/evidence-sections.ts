/** What a drill stood on: what was restored from where, what was not compared, who ran it with what, and how to check the page. Pure. */
import type { DrilledComponent, DrillReport } from '../../domain/drill/drill-report.ts';
import { checkKinds } from '../../domain/drill/check-class.ts';
import { counted, engineTitle, sizeText } from '../../domain/wording.ts';
import type { SignedReport } from '../signed-report.ts';
import { embedded } from './embedded-report.ts';
import { html, nothing, type Markup } from './markup.ts';
import { spanWords, startedWord } from './result-sections.ts';
import { instantText, spanText } from './words.ts';

type Fact = readonly [name: string, value: string | Markup];

const facts = (rows: readonly Fact[]): Markup => html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
const code = (text: string): Markup => html`<code>${text}</code>`;

export const depthTitle: Readonly<Record<DrilledComponent['depth'], string>> = {
  dump: 'a dump, loaded into a fresh server', base: 'a copy of the server, started', baseAndLog: 'a copy of the server, with the log replayed behind it',
  rdb: 'the stored file, loaded into a fresh server', aof: 'the append-only file, played into a fresh server',
};

/** `the newest backup`, `one by chance of the last 30 days (of 41)`. */
export function choiceWords({ choice }: Pick<DrillReport, 'choice'>): string {
  if (choice.kind === 'latest') return 'the newest';
  return choice.kind === 'named' ? `named: ${choice.asked}` : `one by chance of the last ${choice.days} days (of ${choice.candidates})`;
}

export function restoredSection(report: DrillReport): Markup {
  const { repository, components, host } = report;
  const where: readonly Fact[] = [['From the repository', `${repository.name}, ${repository.location}`], ['Which backup', choiceWords(report)], ['On the host', host]];
  return html`<section><h2>What was restored</h2>${facts(where)}${components.map(componentFacts)}</section>`;
}

function componentFacts(each: DrilledComponent): Markup {
  const { versions, image, log } = each;
  const sameImage = image.drillId === image.backupId;
  return facts([
    [each.component, html`<b>${engineTitle(each.engine)} ${versions.backup}</b> · ${depthTitle[each.depth]}`],
    ['Backup', html`${each.backupId}, covering ${instantText(each.point)}, ${sizeText(each.sizeBytes)}`],
    ...(log === undefined ? [] : [['Log', `timeline ${log.timeline}, ${log.from} to ${log.to}, ${counted(log.segments, 'segment')}`] as const]),
    ['Compared', `${counted(each.comparedObjects, 'object')}; ${each.differences.length === 0 ? 'no difference' : counted(each.differences.length, 'difference')}`],
    ['Image', html`${image.name} ${code(image.drillId ?? 'none')}${sameImage ? ' (the one of the backup)' : html` (the backup was taken of ${code(image.backupId)})`}`],
    ...(versions.drill === null || versions.drill === versions.backup ? [] : [['Version in the drill', versions.drill] as const]),
  ]);
}

/** What a drill that began with nothing had besides the repository, and how long it took until the service answered. */
export function rebuiltSection({ rebuilt }: DrillReport): Markup {
  if (rebuilt === undefined) return nothing;
  const { keys, coldStart } = rebuilt;
  return html`<section><h2>From nothing</h2>${facts([
    ['Cold start', coldStart.ms === null ? `not measured: ${coldStart.why}` : html`<b>${spanText(coldStart.ms)}</b>, ${spanWords(coldStart)}`],
    ...(keys.length === 0 ? [['Keys', noKeys] as const] : keys.map(({ name, place, found, why }): Fact => [`Key ${name}`, `${found ? 'found' : `NOT FOUND (${why})`}: ${place}`])),
    ['Secrets of the live service', noLiveSecret],
  ])}</section>`;
}

export const noKeys = 'none is named (drill.keys): nothing but the repository and the configuration was used';
export const noLiveSecret = 'none was read: a drill is given none';

export function notComparedSection({ components, checks }: DrillReport): Markup {
  const entries = [
    ...components.flatMap(({ component, notCompared }) => notCompared.map(({ object, reason }) => `${component}: ${object} (${reason})`)),
    ...checks.filter(({ verdict }) => verdict === 'couldNotVerify').map(({ name, class: each }) => `${name} (${checkKinds[each].meaning.replace(/\.$/, '')})`),
  ];
  return html`<section><h2>What was not compared</h2>${entries.length === 0 ? html`<p>Nothing was left out of what the backup holds.</p>` : html`<ul class="plain">${entries.map((entry) => html`<li>${entry}</li>`)}</ul>`}</section>`;
}

export function testsSection({ tests }: DrillReport): Markup {
  if (tests === null) return nothing;
  const { output } = tests;
  return html`<section><h2>The application's own tests</h2>${facts([
    ['Command', code(tests.command.join(' '))], ['Image', html`${tests.image} ${code(tests.imageId ?? 'none')}`],
    ['Ended', `${tests.exitCode === null ? 'before their end' : `with exit code ${tests.exitCode}`}, after ${spanText(tests.durationMs)}`],
    ['Output', output === null ? 'none was kept' : html`${sizeText(output.sizeBytes)}${output.cut ? ', cut' : ''}, kept apart from this report; SHA-256 ${code(output.sha256)}`],
  ])}</section>`;
}

const cleanUpWord = { clean: 'everything was removed', leftovers: 'something is still there', notDone: 'it did not come to it; the reaper does it' } as const;

export function evidenceSection(report: DrillReport): Markup {
  const { times, run, cleanUp, versions, inForce, startedBy } = report;
  return html`<section><h2>How it was measured, and with what</h2>${facts([
    ['RTO', spanWords(times.rto)], ['RTO from the approval', spanWords(times.rtoFromApproval)], ['RPO', spanWords(times.rpo)],
    ['Later transactions', times.laterTransactions === null ? 'not counted' : times.laterTransactions],
    ['Asked for', `${instantText(report.requestedAt)}, ${startedWord[startedBy.by]} ${startedBy.identity}`],
    ['Began and ended', `${instantText(report.beganAt)} to ${instantText(report.finishedAt)}`],
    ['Temporal workflow', code(run.workflowId)], ['Temporal run', code(run.runId)], ['Temporal namespace', code(run.namespaceId)],
    ['Programs', Object.entries(versions).map(([program, version]) => `${program} ${version}`).join(', ')],
    ['Cleaning up', `${cleanUpWord[cleanUp.outcome]} (${counted(cleanUp.removed, 'object')} removed)${cleanUp.leftovers.length === 0 ? '' : `: ${cleanUp.leftovers.join(', ')}`}`],
    ['Configuration in force', html`SHA-256 ${code(inForce.configurationSha256)}`], ['Policy in force', html`SHA-256 ${code(inForce.policySha256)}`],
    ['Kept until', instantText(report.keepUntil)],
  ])}<h2>What went in</h2>${facts(report.inputs.map(({ what, path, sha256 }): Fact => [what, html`${path === null ? nothing : html`${path}<br>`}${code(sha256)}`]))}</section>`;
}

export function signatureSection(signed: SignedReport, signedText: string): Markup {
  const { fingerprint, publicKey } = signed.signature;
  return html`<section><h2>Signature</h2><p>Ed25519, by the key ${code(fingerprint)}.</p>
<p class="meta">Check this file, page and all, with the key or fingerprint you were told: <code>holdfast report verify FILE --key ${fingerprint}</code></p>
<pre>${publicKey}</pre>
<details class="screen"><summary>The signed report (JSON)</summary>${{ markup: embedded(signedText) }}</details></section>`;
}
