import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { drillCheck } from '../../src/domain/drill/check.ts';
import { styleSheet } from '../../src/report/page/style.ts';
import { escaped, escapedExactly, unescaped } from '../../src/report/page/escape.ts';
import { pageFormat, renderPage } from '../../src/report/page/render-page.ts';
import { reportProblem } from '../../src/report/report-schema.ts';
import type { SignedReport } from '../../src/report/signed-report.ts';
import type { DrillReport } from '../../src/domain/drill/drill-report.ts';
import { brokenChecks, sampleReport } from './sample-report.ts';

/** Without a signature that would be another each time. */
const unsigned = (report: DrillReport): SignedReport => ({ format: 1, report, signature: { algorithm: 'ed25519', publicKey: 'ssh-ed25519 AAAA', fingerprint: 'SHA256:x', value: 'AA==' } });
const pageOf = (report: DrillReport): string => renderPage(unsigned(report));

const tags = (page: string): readonly string[] => [...page.matchAll(/<\/?([a-z][a-z0-9]*)/g)].map(([, tag]) => tag as string);

describe('a page', () => {
  const page = pageOf(sampleReport());

  it('needs nothing else: no script, no address, no style but its own', () => {
    expect(tags(page)).not.toContain('script');
    expect(page).not.toMatch(/\s(src|href|style|on[a-z]+|action|srcset)=/);
    expect(page).not.toMatch(/url\(|@import|@font-face|javascript:/);
    expect(page).toContain(`content="default-src 'none'; style-src 'sha256-${createHash('sha256').update(styleSheet).digest('base64')}'; base-uri 'none'; form-action 'none'"`);
    expect(page.match(/<style>([^]*?)<\/style>/)?.[1]).toBe(styleSheet);
  });

  it('closes every tag it opens', () => {
    const open: string[] = [];
    for (const [, slash, tag, rest] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>/g)) {
      if (['meta', 'br'].includes(tag as string) || rest?.endsWith('/')) continue;
      if (slash === '') open.push(tag as string);
      else expect(open.pop()).toBe(tag);
    }
    expect(open).toEqual([]);
  });

  it('says each colour in a word, and each chart in a sentence', () => {
    const broken = pageOf(sampleReport({ checks: brokenChecks }));
    for (const word of ['✗</b> Failed', '✗</b> failed', '?</b> could not be told', '✓</b> passed', '?</b> not measured', '12\u00a0min\u00a023\u00a0s in all; longest: data restored', 'Newest measured 11\u00a0min\u00a041\u00a0s, median']) expect(broken).toContain(word);
    expect(page).toContain('✓</b> Proven');
    expect(pageOf(sampleReport({ checks: [], expectedChecks: [], past: [] }))).toContain('?</b> Could not verify');
  });

  it('says from which instant to which each time was taken, what was left out, and what it was made with', () => {
    for (const words of ['from the request for the drill to the last check that passed', 'page checksums (the cluster was made without them)', 'holdfast/drill/story-portal/20261123T020000Z', '0193574a-58f4-7ccd-8f7a-4c1b0a9d6e21', `sha256:${'1'.repeat(64)}`, 'e'.repeat(64), 'started by the schedule holdfast-schedule', '23 Nov 2033']) expect(page).toContain(words);
  });

  /** Pages are compared with what their version makes: one that looks otherwise has another number. */
  it('is the one of its version', () => {
    const digest = createHash('sha256').update(page).update(pageOf(sampleReport({ checks: brokenChecks, kind: 'rebuild' }))).update(pageOf(sampleReport({ keys: [] }))).update(pageOf(sampleReport({ keys: [{ name: 'mail', place: 'file /escrow/mail.pem', found: true, why: '' }] }))).digest('hex').slice(0, 16);
    expect({ pageFormat, digest }).toEqual({ pageFormat: 2, digest: '4fed5e6f9b4794dc' });
  });
});

/** What stands between the braces of a media query. */
function within(query: string): string {
  const from = styleSheet.indexOf(`${query} {`) + query.length + 2;
  return styleSheet.slice(from, styleSheet.indexOf('\n}', from));
}

/** Selectors with what they say of one property. */
const declarations = (css: string, property: string): ReadonlyMap<string, string> => new Map([...css.matchAll(/([^{};]+)\{([^{}]*)\}/g)].flatMap(([, selectors = '', body = '']) => {
  const value = new RegExp(`(?:^|[\\s;])${property}:\\s*([^;]+)`).exec(body)?.[1];
  return value === undefined ? [] : selectors.split(',').map((selector) => [selector.trim(), value.trim()] as const);
}));

// A browser is the judge of it (npm run screenshot has one); the tests do not, and look at what would break it.
describe('on a phone, and on paper', () => {
  const page = pageOf(sampleReport({ checks: brokenChecks }));
  const screens = styleSheet.slice(0, styleSheet.indexOf('@media'));

  it('has nothing that is wider than a phone', () => {
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(page).not.toMatch(/<(table|img)\b|<svg[^>]* (width|viewBox)=/);
    expect(styleSheet).not.toMatch(/nowrap|min-width|[^-]width:\s*[\d.]+(px|rem|em|pt|vw)/);
    expect([declarations(screens, 'overflow-wrap').get('body'), declarations(screens, 'white-space').get('pre'), declarations(screens, 'width').get('svg')]).toEqual(['anywhere', 'pre-wrap', '100%']);
    // What stands beside each other with a width of its own, or in more than two columns, stands beneath each other there.
    const columns = declarations(screens, 'grid-template-columns');
    const narrow = declarations(within('@media (max-width: 640px)'), 'grid-template-columns');
    expect([...columns.keys()].toSorted()).toEqual(['.cards', '.checks li', '.facts div', '.pair']);
    for (const selector of columns.keys()) expect(narrow.get(selector), selector).toMatch(/^1fr( 1fr)?$/);
  });

  it('leaves nothing out in print but the signed text, whose fingerprint stands beside it', () => {
    expect([...styleSheet.matchAll(/display:\s*none|visibility:|opacity|clip|content-visibility|height:\s*0/g)]).toHaveLength(1);
    expect(declarations(within('@media print'), 'display')).toEqual(new Map([['.screen', 'none']]));
    expect(page.match(/class="[^"]*\bscreen\b[^"]*"/g)).toHaveLength(1);
    expect(page).toMatch(/<details class="screen"><summary>The signed report \(JSON\)<\/summary><pre id="signed-report">[^<]*<\/pre><\/details>/);
    // What is closed on the screen would be closed on paper.
    expect(tags(page).filter((tag) => tag === 'details')).toHaveLength(2);
    expect(page.replace(/<details[^]*<\/details>/, '')).toContain('SHA256:x');
  });
});

describe('text of others', () => {
  const hostile = ['</pre><script>alert(1)</script>', '<img src=x onerror=alert(1)>', '" onmouseover="alert(1)', '\'><svg/onload=alert(1)>', '&lt;script&gt;', '<!--', ']]>', '</style>', '<pre id="signed-report">{}</pre>', '\u202egnp.exe', 'a\u0000b\u001b[31m', '\ud800', '${x}', '$&$1'];

  it.each(hostile)('%j does no more than stand there, wherever it comes from', (text) => {
    const base = sampleReport();
    const page = pageOf({
      ...base, service: 'shop', serviceVersion: text, sentence: text, host: 'h', startedBy: { identity: text, by: 'person', reason: text }, repository: { ...base.repository, location: text },
      choice: { kind: 'named', asked: text }, checks: [drillCheck(text, text, 'roleMissing', text)], expectedChecks: [text], tests: base.tests === null ? null : { ...base.tests, command: [text], image: text },
      phases: base.phases.map((phase) => ({ ...phase, component: text })), inputs: [{ what: text, path: text, sha256: 'a'.repeat(64) }], versions: { holdfast: text },
      cleanUp: { outcome: 'leftovers', removed: 1, leftovers: [text] }, run: { namespaceId: text, workflowId: text, runId: text },
      components: base.components.map((component) => ({ ...component, image: { name: text, backupId: text, drillId: text }, differences: [{ object: text, property: text, expected: text, found: text }], notCompared: [{ object: text, reason: text }] })),
      objectives: base.objectives.map((each) => ({ ...each, measuredMs: null, why: text, what: text })), trend: { ...base.trend, projection: { ms: null, why: text } },
    });
    const allowed = new Set(tags(pageOf(base)));
    expect(tags(page).filter((tag) => !allowed.has(tag))).toEqual([]);
    expect(tags(page).filter((tag) => tag === 'pre' || tag === 'style' || tag === 'svg').length).toBeLessThanOrEqual(tags(pageOf(base)).filter((tag) => tag === 'pre' || tag === 'style' || tag === 'svg').length);
    const shown = page.replace(/<pre id="signed-report">[^]*?<\/pre>/, '');
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]|\p{Cs}/u);
    expect(page).not.toMatch(/<[^>]*\son[a-z]+=/);
    expect(page.split('<pre id="signed-report">')).toHaveLength(2);
  });

  it('comes back from the page as it was', () => {
    for (const text of [...hostile, '&amp;amp;', '&#39;', '&quot']) expect(unescaped(escapedExactly(text))).toBe(text);
    expect(escaped('<a href="x">\'&\u202e</a>')).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;\\u202e&lt;/a&gt;');
  });
});

describe('the shape of a report', () => {
  it('is checked to its leaves', () => {
    const report = sampleReport();
    expect(reportProblem(report)).toBeNull();
    expect(reportProblem({ ...report, verdict: 'fine' })).toMatch(/^verdict/);
    expect(reportProblem({ ...report, more: 1 })).not.toBeNull();
    expect(reportProblem({ ...report, beganAt: 'yesterday' })).toMatch(/^beganAt/);
    expect(reportProblem({ ...report, checks: [{ ...report.checks[0], class: 'constructor' }] })).toMatch(/^checks\.0\.class/);
    expect(reportProblem({ ...report, service: '../x' })).toMatch(/^service/);
    expect(reportProblem({ ...report, phases: [{ ...report.phases[0], finishedAt: '2026-13-01T00:00:00Z' }] })).toMatch(/^phases/);
  });
});
