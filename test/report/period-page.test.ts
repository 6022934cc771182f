import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { parsePeriod, standingOfPeriod, summarize, type Period, type PeriodDrill, type ServicePeriod } from '../../src/domain/drill/period.ts';
import { renderPeriodPage } from '../../src/report/page/period-page.ts';
import { styleSheet } from '../../src/report/page/style.ts';

const hash = 'ab'.repeat(32);
const drill = (of: Partial<PeriodDrill> = {}): PeriodDrill => ({
  drillId: '20261123-020000', kind: 'restore', beganAt: '2026-11-23T02:00:00.000Z', verdict: 'proven', rtoMs: 61_000, rpoMs: null, breaches: [], signed: true, problem: null, reportSha256: hash, signedBy: 'SHA256:own', ...of,
});
const well: ServicePeriod = { service: 'shop', since: '2026-08-15T00:00:00.000Z', windows: [{ kind: 'restore', label: '2026-11', state: 'proven', drills: ['20261123-020000'] }], drills: [drill()] };

function pageOf(services: readonly ServicePeriod[], trusted: readonly string[] | null = ['SHA256:own']): string {
  const summary = summarize(services);
  return renderPeriodPage({ ...parsePeriod('2026Q4') as Period, madeAt: '2026-11-30T08:00:00.000Z', services, summary, standing: standingOfPeriod(services, summary), trusted, version: '0.1.0' });
}

const hostile: ServicePeriod = { ...well, service: '<script>', drills: [drill({ breaches: ['<img src=x onerror=alert(1)>'], signedBy: '"><b>' })] };
const wrong: readonly ServicePeriod[] = [
  { ...well, windows: [{ kind: 'rebuild', label: '2026Q4', state: 'missed', drills: [] }], drills: [drill({ breaches: ['RTO 2 h of 1 h'] }), drill({ drillId: '20261124-020000', verdict: 'proven', signed: false, problem: 'UNKNOWN KEY: signed by SHA256:other', signedBy: 'SHA256:other' }), drill({ drillId: '20261125-020000', verdict: null, signed: false, reportSha256: null, signedBy: null })] },
  { service: 'blog', since: null, windows: [], drills: [] },
];

it('says what came of it, of which reports it was made, and how to check it', () => {
  const page = pageOf([well]);
  for (const words of ['<h1>2026Q4</h1>', '✓</b> Nothing missed, nothing failed', '1 service, 1 drill: 1 proven', 'not over yet', 'RTO 1\u00a0min\u00a01\u00a0s · RPO not measured', hash, 'Reports signed by SHA256:own.', 'SOC 2 A1.3']) expect(page).toContain(words);
  expect(pageOf([well], null)).toContain('nobody here has said whom to trust');
});

it('leads with whatever is missing, by name, and believes no report that does not count', () => {
  const page = pageOf(wrong);
  for (const words of ['✗</b> Something was missed or failed', 'shop: rebuild 2026Q4', 'shop 20261123-020000: RTO 2 h of 1 h', '<dt>Never backed up</dt><dd>blog</dd>', 'UNKNOWN KEY: signed by SHA256:other', 'no report', 'missed: no drill']) expect(page).toContain(words);
  expect(page.match(/✓<\/b> proven/g)).toHaveLength(1);
});

it('needs nothing else, closes what it opens, and takes no text for markup', () => {
  for (const page of [pageOf([well]), pageOf(wrong), pageOf([hostile])]) {
    const open: string[] = [];
    for (const [, slash, tag, rest] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>/g)) {
      expect(['script', 'img', 'link', 'iframe']).not.toContain(tag);
      if (['meta', 'br'].includes(tag as string) || rest?.endsWith('/')) continue;
      if (slash === '') open.push(tag as string);
      else expect(open.pop()).toBe(tag);
    }
    expect(open).toEqual([]);
    expect(page).not.toMatch(/\s(src|href|style|on[a-z]+|action|srcset)="/);
    expect(page).toContain(`style-src 'sha256-${createHash('sha256').update(styleSheet).digest('base64')}'`);
  }
});
