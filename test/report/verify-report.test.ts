import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reportBytes } from '../../src/domain/drill/drill-report.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import { pageFormat, renderPage } from '../../src/report/page/render-page.ts';
import { readReport } from '../../src/report/read-report.ts';
import { reportProblem } from '../../src/report/report-schema.ts';
import { signReport, signedReportText } from '../../src/report/signed-report.ts';
import { createSigningKeyPem, parseSigningKey, publicKeyPem } from '../../src/report/signing-key.ts';
import { verifyReport } from '../../src/report/verify-report.ts';
import { brokenChecks, sampleReport } from './sample-report.ts';

const key = parseSigningKey(createSigningKeyPem());
const signed = signReport(sampleReport(), key);
const text = signedReportText(signed);
const page = renderPage(signed);
const { fingerprint } = signed.signature;
const other = signReport(sampleReport(), parseSigningKey(createSigningKeyPem()));

const replaced = (whole: string, at: number, by: string): string => whole.slice(0, at) + by + whole.slice(at + 1);

describe('a report', () => {
  it('is valid by the key that is trusted, as JSON and as a page', () => {
    expect(reportProblem(signed.report)).toBeNull();
    expect(verifyReport(text, [fingerprint])).toMatchObject({ outcome: 'valid', signed: { report: { drillId: '20261123-020000' } } });
    expect(verifyReport(page, [fingerprint])).toMatchObject({ outcome: 'valid', sentence: `Signed by ${fingerprint}, and unchanged since. The page shows what was signed.` });
    const broken = signReport(sampleReport({ checks: brokenChecks }), key);
    for (const each of [signedReportText(broken), renderPage(broken)]) expect(verifyReport(each, [fingerprint]).outcome).toBe('valid');
  });

  it('of a drill that began with nothing is read, shown and valid like any other; one of a newer format is said to be newer', () => {
    const rebuilt = signReport(sampleReport({ keys: [{ name: 'mail', place: 'file /escrow/mail.pem', found: false, why: 'it does not exist' }] }), key);
    for (const each of [signedReportText(rebuilt), renderPage(rebuilt)]) expect(verifyReport(each, [fingerprint]).outcome).toBe('valid');
    expect(renderPage(rebuilt)).toMatch(/From nothing[^]*Cold start[^]*NOT FOUND \(it does not exist\): file \/escrow\/mail\.pem[^]*none was read/);
    expect(page).not.toContain('From nothing');
    expect(readReport(canonicalJson({ ...rebuilt, report: { ...rebuilt.report, format: 3 } })).problem).toBe('it has format 3: a newer Holdfast wrote it');
  });

  it('is not believed without a key, nor by another', () => {
    for (const each of [text, page]) {
      expect(verifyReport(each, null)).toMatchObject({ outcome: 'couldNotTell', sentence: expect.stringContaining(fingerprint) as string });
      expect(verifyReport(each, [other.signature.fingerprint])).toMatchObject({ outcome: 'invalid', sentence: expect.stringContaining('another key') as string });
    }
    // Signed anew by whoever changed it.
    expect(verifyReport(signedReportText(other), [fingerprint]).outcome).toBe('invalid');
  });

  it('is caught with any character of it changed, left out or added', () => {
    for (let at = 0; at < text.length; at += 7) {
      const changed = replaced(text, at, text[at] === 'x' ? 'y' : 'x');
      expect(verifyReport(changed, [fingerprint]).outcome, `${at}`).toBe('invalid');
    }
    fc.assert(fc.property(fc.nat(text.length - 1), fc.string({ minLength: 0, maxLength: 2, unit: 'binary' }), fc.nat(2), (at, by, cut) => {
      const changed = text.slice(0, at) + by + text.slice(at + cut);
      fc.pre(changed !== text);
      expect(verifyReport(changed, [fingerprint]).outcome).toBe('invalid');
      expect(verifyReport(changed, null).outcome).toBe('invalid');
    }), { numRuns: 300 });
  });

  it('is caught in its page, whether what is signed was changed or what is shown', () => {
    for (let at = 0; at < page.length; at += 101) {
      const changed = replaced(page, at, page[at] === 'x' ? 'y' : 'x');
      // One that says it is of another version is not called wrong, and never right.
      expect(verifyReport(changed, [fingerprint]).outcome, `${at}: ${page.slice(at - 20, at + 20)}`).not.toBe('valid');
    }
    expect(verifyReport(page.replace('12\u00a0min', '11\u00a0min'), [fingerprint])).toMatchObject({ outcome: 'invalid', sentence: expect.stringContaining('page around it was changed') as string });
    expect(verifyReport(page.replace(`report page ${pageFormat}"`, `report page ${pageFormat + 1}"`), [fingerprint])).toMatchObject({ outcome: 'couldNotTell', sentence: expect.stringContaining('another version') as string });
    const twice = page.replace('</main>', '<pre id="signed-report">{}</pre></main>');
    expect(verifyReport(twice, [fingerprint])).toMatchObject({ outcome: 'invalid', sentence: expect.stringContaining('more than one') as string });
  });

  it.each([
    ['white space', text.replace(',', ', ')], ['a line end', `${text}\n`], ['a member twice', text.replace('{"format":1', '{"format":1,"format":1')], ['a member more', canonicalJson({ ...signed, more: 1 })],
    ['a prototype', text.replace('{"format":1', '{"__proto__":{},"format":1')], ['another order', JSON.stringify(signed)], ['nothing', ''], ['a list', '[]'], ['depth', '['.repeat(100_000)], ['a newer format', canonicalJson({ ...signed, format: 2 })],
    ['base64 with other bits at its end', canonicalJson({ ...signed, signature: { ...signed.signature, value: signed.signature.value.replace(/.==$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}==`) } })],
  ])('is refused with %s', (_what, changed) => {
    expect(verifyReport(changed, [fingerprint])).toMatchObject({ outcome: 'invalid' });
  });

  it('has no signature that fits another document, nor another report', () => {
    expect(reportBytes(signed.report).startsWith('holdfast-drill-report-v1\n{')).toBe(true);
    expect(verifyReport(signedReportText({ ...signed, report: { ...signed.report, host: 'berlin-2' } }), [fingerprint]).outcome).toBe('invalid');
  });

  it('reads back as it was written', () => {
    expect(readReport(text).signed).toEqual(signed);
    expect(readReport(page).signed).toEqual(signed);
  });

  it('is verified by openssl alone', () => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-report-'));
    const path = (name: string): string => join(directory, name);
    try {
      writeFileSync(path('key.pem'), publicKeyPem(signed.signature.publicKey));
      writeFileSync(path('signature'), Buffer.from(signed.signature.value, 'base64'));
      writeFileSync(path('bytes'), reportBytes(signed.report));
      expect(execFileSync('openssl', ['pkeyutl', '-verify', '-pubin', '-inkey', path('key.pem'), '-rawin', '-in', path('bytes'), '-sigfile', path('signature')]).toString()).toContain('Verified');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
