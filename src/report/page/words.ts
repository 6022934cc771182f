/** The words and signs of a page: every colour has both beside it, for whoever does not see it, or prints in black. Pure. */
import type { JudgedObjective } from '../../domain/drill/objectives.ts';
import type { Verdict } from '../../domain/proof.ts';
import { durationText } from '../../domain/wording.ts';
import { html, type Markup } from './markup.ts';

type Tone = 'good' | 'bad' | 'open';
/** A colour with the sign and the word that say the same. */
export type ToneWord = readonly [tone: Tone, sign: string, word: string];

const ofVerdict: Readonly<Record<Verdict, ToneWord>> = {
  proven: ['good', '✓', 'Proven'], failed: ['bad', '✗', 'Failed'], couldNotVerify: ['open', '?', 'Could not verify'],
};
const ofCheck: Readonly<Record<Verdict, ToneWord>> = {
  proven: ['good', '✓', 'passed'], failed: ['bad', '✗', 'failed'], couldNotVerify: ['open', '?', 'could not be told'],
};
const ofResult: Readonly<Record<JudgedObjective['result'], ToneWord>> = {
  met: ['good', '✓', 'met'], missed: ['bad', '✗', 'missed'], notMeasured: ['open', '?', 'not measured'],
};

export const wordOf = ([tone, sign, word]: ToneWord): Markup => html`<span class="${tone}"><b aria-hidden="true">${sign}</b> ${word}</span>`;

export const verdictBadge = (verdict: Verdict): Markup => html`<p class="badge ${ofVerdict[verdict][0]}"><b aria-hidden="true">${ofVerdict[verdict][1]}</b> ${ofVerdict[verdict][2]}</p>`;
export const checkWord = (verdict: Verdict): Markup => wordOf(ofCheck[verdict]);
export const resultWord = (result: JudgedObjective['result']): Markup => wordOf(ofResult[result]);
export const resultTone = (result: JudgedObjective['result']): Tone => ofResult[result][0];
export const verdictSign = (verdict: Verdict): string => ofVerdict[verdict][1];
export const verdictTone = (verdict: Verdict): Tone => ofVerdict[verdict][0];

/** `5 min` for `5 min 0 s`, and kept together on one line. */
export const spanText = (ms: number): string => durationText(ms).replace(/ 0 (s|min)$/, '').replaceAll(' ', '\u00a0');

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `23 Nov 2026`, in UTC. */
export function dayText(instant: string): string {
  const date = new Date(instant);
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

/** `23 Nov 2026, 02:00:03 UTC`: a page is read in other zones than it was made in. */
export const instantText = (instant: string): string => `${dayText(instant)}, ${new Date(instant).toISOString().slice(11, 19)} UTC`;
