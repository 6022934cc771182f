/**
 * The drills of a period as one page, to be handed to an auditor. It sums up reports that are signed, each named with its SHA-256, and is not signed itself: whoever doubts it makes it again from
 * the repositories, or verifies the reports. Pure.
 */
import { controls, noBrokenGlass, type PeriodDrill, type PeriodSummary, type ServicePeriod, type Window, type WindowState } from '../../domain/drill/period.ts';
import type { Standing } from '../../domain/status/finding.ts';
import { counted } from '../../domain/wording.ts';
import { framed } from './frame.ts';
import { html, nothing, type Markup } from './markup.ts';
import { kindTitle } from './result-sections.ts';
import { dayText, instantText, spanText, wordOf, type ToneWord } from './words.ts';

export interface PeriodPage {
  /** As it was asked for: `2026Q4`. */
  readonly label: string;
  /** From this instant on, up to before the other: milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  /** When it was made, of what was in the repositories then. */
  readonly madeAt: string;
  readonly services: readonly ServicePeriod[];
  readonly summary: PeriodSummary;
  readonly standing: Standing;
  /** Fingerprints whose reports count; null where nobody said whom to trust. */
  readonly trusted: readonly string[] | null;
  /** Of the Holdfast that made it. */
  readonly version: string;
}

const standingWord: Readonly<Record<Standing, ToneWord>> = { well: ['good', '✓', 'Nothing missed, nothing failed'], wrong: ['bad', '✗', 'Something was missed or failed'], notKnown: ['open', '?', 'Something could not be verified'] };
const stateWord: Readonly<Record<WindowState, ToneWord>> = {
  proven: ['good', '✓', 'proven'], failed: ['bad', '✗', 'failed'], couldNotVerify: ['open', '?', 'could not be verified'], missed: ['bad', '✗', 'missed: no drill'], notYet: ['open', '·', 'not yet'], notDue: ['open', '·', 'not due yet'],
};

export function renderPeriodPage(page: PeriodPage): string {
  const { label, services, version } = page;
  return framed({ title: `Recovery drills in ${label}`, generator: 'Holdfast period page' }, html`${head(page)}
${shortcomings(page.summary)}
${services.map(serviceSection)}
${controlsSection}
${checkingSection(page)}
<footer>Times are UTC; spans are months in the time zone of each schedule. No row of data stands in a report, nor here. Made by Holdfast ${version}.</footer>`);
}

function head({ label, fromMs, toMs, madeAt, summary, standing }: PeriodPage): Markup {
  const [tone, sign, word] = standingWord[standing];
  const last = new Date(toMs - 1).toISOString();
  return html`<header><p class="over">Holdfast · recovery drills of a period</p><h1>${label}</h1>
<p class="meta">${dayText(new Date(fromMs).toISOString())} to ${dayText(last)} · as the repositories stood on ${instantText(madeAt)}${Date.parse(madeAt) < toMs ? ' · not over yet' : ''}</p>
<p class="badge ${tone}"><b aria-hidden="true">${sign}</b> ${word}</p><p class="lead">${counted(summary.services, 'service')}, ${counted(summary.drills, 'drill')}: ${summary.proven} proven, ${summary.failed} failed, ${summary.couldNotVerify} could not verify.</p>
<dl class="cards">
<div><dt>Services drilled</dt><dd>${summary.drilled.length} of ${summary.services}<small>with a proven drill</small></dd></div>
<div><dt>Drills missed</dt><dd>${summary.missedWindows.length}<small>due, and not made</small></dd></div>
<div><dt>Objectives missed</dt><dd>${summary.breaches.length}<small>in drills of the period</small></dd></div>
<div><dt>Broken glass</dt><dd>${summary.brokenGlass.length}<small>${summary.brokenGlass.length === 0 ? noBrokenGlass : 'approvals that somebody went past'}</small></dd></div>
</dl></header>`;
}

/** What somebody has to look at, by name. */
function shortcomings({ notDrilled, neverBackedUp, missedWindows, breaches, brokenGlass, withoutReport, unsigned }: PeriodSummary): Markup {
  const lists: readonly (readonly [title: string, entries: readonly string[]])[] = [
    ['Never backed up', neverBackedUp], ['Without a proven drill', notDrilled], ['Drills that were missed', missedWindows], ['Objectives that were missed', breaches], ['Broken glass', brokenGlass],
    ['Reports that count for nothing', unsigned === 0 ? [] : [`${unsigned}: the signature does not hold, or its key is not trusted`]], ['Drills without a report', withoutReport === 0 ? [] : [`${withoutReport}: running, or ended before one was written`]],
  ];
  const found = lists.filter(([, entries]) => entries.length > 0);
  if (found.length === 0) return html`<section><h2>What was missing</h2><p>Nothing.</p></section>`;
  return html`<section><h2>What was missing</h2><dl class="facts">${found.map(([title, entries]) => html`<div><dt>${title}</dt><dd>${entries.map((entry, index) => html`${index === 0 ? nothing : html`<br>`}${entry}`)}</dd></div>`)}</dl></section>`;
}

function serviceSection({ service, since, windows, drills }: ServicePeriod): Markup {
  return html`<section><h2>${service} · ${since === null ? 'never backed up' : `backed up since ${dayText(since)}`}</h2>
${windows.length === 0 ? html`<p>No drill of it was due.</p>` : html`<ul class="checks">${windows.map(windowRow)}</ul>`}${drills.length === 0 ? nothing : html`<dl class="facts">${drills.map(drillRow)}</dl>`}</section>`;
}

const windowRow = ({ kind, label, state, drills }: Window): Markup => html`<li><p>${wordOf(stateWord[state])}</p><div><p><span class="name">${kindTitle[kind]}, ${label}</span></p>${drills.length === 0 ? nothing : html`<p class="next">${drills.join(', ')}</p>`}</div></li>`;

function drillRow({ drillId, kind, beganAt, verdict, signed, problem, rtoMs, rpoMs, reportSha256, signedBy }: PeriodDrill): Markup {
  const said = verdict === null ? html`no report` : signed ? wordOf(stateWord[verdict]) : wordOf(['bad', '✗', problem ?? 'counts for nothing']);
  const times = signed ? html` · RTO ${rtoMs === null ? 'not measured' : spanText(rtoMs)} · RPO ${rpoMs === null ? 'not measured' : spanText(rpoMs)}` : nothing;
  const report = reportSha256 === null ? nothing : html`<br>report.json: SHA-256 <code>${reportSha256}</code>${signedBy === null ? nothing : html`, signed by <code>${signedBy}</code>`}`;
  return html`<div><dt>${drillId}</dt><dd>${kindTitle[kind]}, ${instantText(beganAt)} · ${said}${times}${report}</dd></div>`;
}

const controlsSection = html`<section><h2>What this is evidence for; whether a control is met, an auditor says</h2><dl class="facts">${controls.map(({ control, asks, evidence }) => html`<div><dt>${control}</dt><dd>${asks}<br>here: ${evidence}</dd></div>`)}</dl></section>`;

function checkingSection({ label, trusted }: PeriodPage): Markup {
  const whose = trusted === null ? 'Reports of every key whose signature holds: nobody here has said whom to trust (reports.keys).' : `Reports signed by ${trusted.join(', ')}.`;
  return html`<section><h2>How to check this page</h2><dl class="facts"><div><dt>What counts</dt><dd>${whose}</dd></div>
<div><dt>What it stands on</dt><dd>The signed reports that are named above. This page sums them up and is not signed: ask for the reports, compare their SHA-256, and verify each with <code>holdfast report verify report.json --key SHA256:…</code>, which needs nothing else.</dd></div>
<div><dt>To make it again</dt><dd><code>holdfast report period ${label} --html FILE</code>, wherever the repositories can be read.</dd></div></dl></section>`;
}
