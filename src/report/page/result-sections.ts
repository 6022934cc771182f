/** What came of a drill: the head of a page, its figures, its checks, its objectives and their course. Pure. */
import { checkTitle, worstChecksFirst } from '../../domain/drill/check.ts';
import type { DrillReport } from '../../domain/drill/drill-report.ts';
import { breaches, defaultObjectives, objectiveTitle, phaseMs, phaseTitle, spanMs } from '../../domain/drill/objectives.ts';
import type { Measured } from '../../domain/drill/recovery-times.ts';
import { growthText, type Course, type DrillTrend } from '../../domain/drill/trend.ts';
import { counted, sizeText } from '../../domain/wording.ts';
import { courseChart, objectiveBar, timeline } from './charts.ts';
import { html, nothing, type Markup } from './markup.ts';
import { checkWord, instantText, resultWord, spanText, verdictBadge } from './words.ts';

export const kindTitle = { restore: 'Restore drill', rebuild: 'Rebuild drill', failover: 'Failover drill' } as const;

export function head(report: DrillReport): Markup {
  const { startedBy } = report;
  return html`<header><p class="over">Holdfast · report of a recovery drill</p><h1>${report.service} · ${kindTitle[report.kind]}</h1>
<p class="meta">${instantText(report.beganAt)} · ${report.drillId} · ${startedWord[startedBy.by]} ${startedBy.identity}${startedBy.reason === null ? '' : ` (${startedBy.reason})`}</p>
${verdictBadge(report.verdict)}<p class="lead">${report.sentence}</p>${cards(report)}</header>`;
}

export const startedWord = { person: 'started by', schedule: 'started by the schedule', workflow: 'started by the workflow' } as const;

function cards({ times, checks, objectives }: DrillReport): Markup {
  const passed = checks.filter(({ verdict }) => verdict === 'proven').length;
  const met = objectives.filter(({ result }) => result === 'met').length;
  const missed = breaches(objectives).length;
  return html`<dl class="cards">
<div><dt>RTO, measured</dt><dd>${short(times.rto)}<small>${spanWords(times.rto)}</small></dd></div>
<div><dt>RPO, measured</dt><dd>${short(times.rpo)}<small>${spanWords(times.rpo)}</small></dd></div>
<div><dt>Checks</dt><dd>${passed} of ${checks.length}<small>passed</small></dd></div>
<div><dt>Objectives</dt><dd>${met} of ${objectives.length}<small>met${missed === 0 ? '' : `, ${missed} missed`}${met + missed === objectives.length ? '' : `, ${objectives.length - met - missed} not measured`}</small></dd></div>
</dl>`;
}

const short = (measured: Measured): string => (measured.ms === null ? 'Not measured' : spanText(measured.ms));
export const spanWords = (measured: Measured): string => (measured.ms === null ? measured.why : `from ${measured.from.what} to ${measured.to.what}`);

export function checksSection({ checks }: DrillReport): Markup {
  const rows = worstChecksFirst(checks).map(({ name, class: each, verdict, sentence, next }) => html`<li><p>${checkWord(verdict)}</p><div><p><span class="name">${checkTitle(name)}</span>${verdict === 'proven' ? nothing : html` <code class="class">${each}</code>`}</p><p>${sentence}</p>${next === '' ? nothing : html`<p class="next">${next}</p>`}</div></li>`);
  return html`<section><h2>What was checked</h2>${rows.length === 0 ? html`<p>Nothing: the drill ended before.</p>` : html`<ul class="checks">${rows}</ul>`}</section>`;
}

export function objectivesSection({ objectives }: DrillReport): Markup {
  const rows = objectives.map((each) => html`<li><div class="line"><p><b>${objectiveTitle[each.objective]}</b> <span class="what">${each.what}</span></p><p>${resultWord(each.result)} · ${each.measuredMs === null ? each.why : `${spanText(each.measuredMs)} of ${spanText(each.limitMs)}`}</p></div>${objectiveBar(each)}</li>`);
  return html`<section><h2>Against the objectives</h2><ul class="goals">${rows}</ul></section>`;
}

export function timelineSection({ phases }: DrillReport): Markup {
  if (phases.length === 0) return nothing;
  const longest = phases.reduce((a, b) => (phaseMs(b) > phaseMs(a) ? b : a));
  return html`<section><h2>How the time went</h2><figure>${timeline(phases)}<figcaption>${spanText(spanMs(phases))} in all; longest: ${phaseTitle[longest.phase].toLowerCase()}, ${spanText(phaseMs(longest))}.</figcaption></figure></section>`;
}

const directionWord: Readonly<Record<Course['direction'], string>> = { shorter: 'getting shorter', longer: 'getting longer', steady: 'steady', notEnoughDrills: 'too few drills for a direction' };

export function trendSection({ trend, objectives, kind }: DrillReport): Markup {
  const limit = (name: 'rpo' | 'restore' | 'rebuild'): number => objectives.find(({ objective }) => objective === name)?.limitMs ?? defaultObjectives[name];
  // A course of one drill is none, and its objective stands above.
  const chart = (title: string, course: Course, limitMs: number, of: 'rtoMs' | 'rpoMs'): Markup => html`<figure><h3>${title}</h3>${trend.samples.length < 2 ? nothing : courseChart(`${title} over past drills`, trend.samples, (sample) => sample[of], limitMs)}<figcaption>${courseText(course)}</figcaption></figure>`;
  return html`<section><h2>Over past drills</h2><p class="soft">${counted(trend.drills, `${kind} drill`)}, ${trend.proven} proven.</p>
<div class="pair">${chart('RTO', trend.rto, limit(kind === 'rebuild' ? 'rebuild' : 'restore'), 'rtoMs')}${chart('RPO', trend.rpo, limit('rpo'), 'rpoMs')}</div><p class="meta">${[projectionText(trend), growthText(trend)].filter((each) => each !== '').join(' ')}</p></section>`;
}

export const courseText = ({ measured, newestMs, medianMs, direction }: Course): string =>
  (newestMs === null || medianMs === null ? 'Never measured.' : `Newest measured ${spanText(newestMs)}, median ${spanText(medianMs)} over ${counted(measured, 'drill')}; ${directionWord[direction]}.`);

export function projectionText({ projection }: DrillTrend): string {
  if (projection.ms === null) return `No projection: ${projection.why}.`;
  return `For today's ${sizeText(projection.sizeBytes)}: about ${spanText(projection.ms)} (${projection.method}; ${counted(projection.drills, 'drill')}${projection.beyond ? '; far beyond any size that was measured' : ''}).`;
}
