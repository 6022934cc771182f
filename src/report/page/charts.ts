/**
 * Charts as inline SVG. Places along the line are in percent and heights in pixels, without a view box: text keeps its size on a phone and on paper. Each chart
 * stands beside words that say the same. Pure.
 */
import { phaseMs, phaseTitle, type DrillPhase, type JudgedObjective } from '../../domain/drill/objectives.ts';
import type { DrillSample } from '../../domain/drill/trend.ts';
import { html, nothing, type Markup } from './markup.ts';
import { dayText, resultTone, spanText, verdictSign, verdictTone } from './words.ts';

/** At most three decimals, and never an exponent. */
const percent = (share: number): string => `${(Math.min(1, Math.max(0, share)) * 100).toFixed(3).replace(/\.?0+$/, '')}%`;
const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

/** What was measured against what was promised: a bar, and a line where the limit lies. */
export function objectiveBar({ measuredMs, limitMs, result }: JudgedObjective): Markup {
  if (measuredMs === null) return nothing;
  const whole = Math.max(measuredMs, limitMs) * 1.04;
  const limit = percent(share(limitMs, whole));
  return html`<svg height="16" aria-hidden="true"><rect class="track" x="0" y="3" width="100%" height="10" rx="3"/><rect class="bar ${resultTone(result)}" x="0" y="3" width="${percent(Math.max(share(measuredMs, whole), 0.004))}" height="10" rx="3"/><line class="limit" x1="${limit}" x2="${limit}" y1="0" y2="16"/></svg>`;
}

const rowHeight = 40;
const ticks = 4;

/** The phases one under another, each where it lay in the whole. */
export function timeline(phases: readonly DrillPhase[]): Markup {
  const began = Math.min(...phases.map(({ beganAt }) => Date.parse(beganAt)));
  const whole = Math.max(1, ...phases.map(({ finishedAt }) => Date.parse(finishedAt) - began));
  const height = phases.length * rowHeight + 26;
  const lines = Array.from({ length: ticks + 1 }, (_, index) => {
    const at = percent(index / ticks);
    const anchor = index === 0 ? 'start' : index === ticks ? 'end' : 'middle';
    const label = index % 2 === 1 ? nothing : html`<text x="${at}" y="${height - 5}" text-anchor="${anchor}">${index === 0 ? '0' : spanText((whole * index) / ticks)}</text>`;
    // Lines at the very ends would cross the words that stand there.
    const line = index === 0 || index === ticks ? nothing : html`<line class="grid" x1="${at}" x2="${at}" y1="0" y2="${height - 20}"/>`;
    return html`${line}${label}`;
  });
  const rows = phases.map((phase, index) => {
    const [top, from] = [index * rowHeight, share(Date.parse(phase.beganAt) - began, whole)];
    const width = Math.max(share(phaseMs(phase), whole), 0.004);
    const title = `${phaseTitle[phase.phase]}${phase.component === null ? '' : ` (${phase.component})`}${phase.outcome === 'done' ? '' : phase.outcome === 'failed' ? ', failed' : ', stopped'}`;
    return html`<text class="strong" x="0" y="${top + 13}">${title}</text><text x="100%" y="${top + 13}" text-anchor="end">${spanText(phaseMs(phase))}</text><rect class="bar ${phase.outcome}" x="${percent(Math.min(from, 0.996))}" y="${top + 19}" width="${percent(width)}" height="12" rx="3"/>`;
  });
  return html`<svg height="${height}" role="img" aria-label="Timeline of the phases">${lines}${rows}</svg>`;
}

const chartHeight = 150;
const plot = { top: 18, bottom: 118 };

/** One figure over past drills, the newest right, against its objective. Drills in which it was not measured leave a gap. */
export function courseChart(label: string, samples: readonly DrillSample[], valueOf: (sample: DrillSample) => number | null, limitMs: number): Markup {
  const highest = Math.max(limitMs, ...samples.map((sample) => valueOf(sample) ?? 0)) * 1.12;
  const y = (ms: number): string => (plot.bottom - share(ms, highest) * (plot.bottom - plot.top)).toFixed(1);
  const x = (index: number): string => percent(samples.length === 1 ? 0.5 : 0.02 + (0.96 * index) / (samples.length - 1));
  const points = samples.flatMap((sample, index) => {
    const ms = valueOf(sample);
    return ms === null ? [] : [{ index, ms, sample }];
  });
  const lines = points.slice(1).flatMap((point, place) => {
    const before = points[place] as (typeof points)[number];
    if (before.index !== point.index - 1) return [];
    return [html`<line class="course" x1="${x(before.index)}" y1="${y(before.ms)}" x2="${x(point.index)}" y2="${y(point.ms)}"/>`];
  });
  const newest = samples.length - 1;
  const dots = points.map(({ index, ms, sample }) => html`<circle class="dot ${index === newest ? 'now' : 'past'}" cx="${x(index)}" cy="${y(ms)}" r="4"><title>${sample.drillId}: ${spanText(ms)}</title></circle>`);
  // A drill in which it was not measured has no place on the line, and must not be missing from the picture.
  const others = samples.flatMap((sample, index) => (valueOf(sample) !== null ? [] : [html`<text class="${verdictTone(sample.verdict)}" x="${x(index)}" y="${plot.bottom - 6}" text-anchor="middle">${verdictSign(sample.verdict)}</text>`]));
  const [first, last] = [samples[0], samples.at(-1)];
  const days = first === undefined || last === undefined || first === last ? nothing : html`<text x="0" y="${chartHeight - 6}">${dayText(first.finishedAt)}</text><text x="100%" y="${chartHeight - 6}" text-anchor="end">${dayText(last.finishedAt)}</text>`;
  return html`<svg height="${chartHeight}" role="img" aria-label="${label}"><line class="grid" x1="0" x2="100%" y1="${plot.bottom}" y2="${plot.bottom}"/><line class="limit" x1="0" x2="100%" y1="${y(limitMs)}" y2="${y(limitMs)}"/><text x="0" y="${(Number(y(limitMs)) - 6).toFixed(1)}">objective ${spanText(limitMs)}</text>${lines}${dots}${others}${days}</svg>`;
}
