/** What a report that was handed on is worth: whether it is what was signed, by the key that one trusts, and whether the page shows it. */
import { pageFormat, pageFormatOf, renderPage } from './page/render-page.ts';
import { readReport } from './read-report.ts';
import { signatureHolds, type SignedReport } from './signed-report.ts';
import { isTrusted, type TrustedKeys } from './trusted-keys.ts';

export interface Verification {
  /** `valid`: signed by a trusted key, and shown as it is. `invalid`: changed, or signed by another. `couldNotTell`: nobody said whom to trust, or the page is another version's. */
  readonly outcome: 'valid' | 'invalid' | 'couldNotTell';
  readonly sentence: string;
  /** Null where it could not be read. */
  readonly signed: SignedReport | null;
}

export function verifyReport(text: string, trusted: TrustedKeys): Verification {
  const read = readReport(text);
  if (read.signed === null) return { outcome: 'invalid', sentence: `This is not a report as Holdfast signed it: ${read.problem}.`, signed: null };
  const { signed, inPage } = read;
  const { fingerprint } = signed.signature;
  if (!signatureHolds(signed)) return { outcome: 'invalid', sentence: 'The signature does not fit the report: one of them was changed after it was signed.', signed };
  if (!isTrusted(trusted, fingerprint)) return { outcome: 'invalid', sentence: `It was signed by another key than you trust: ${fingerprint}.`, signed };
  const page = inPage ? judgePage(text, signed) : null;
  if (page !== null && page.outcome === 'invalid') return { ...page, signed };
  if (trusted === null) return { outcome: 'couldNotTell', sentence: `Unchanged since it was signed with the key ${fingerprint}. Whose key that is, only its owner can say: compare the fingerprint with the one you were told, or give it with --key.`, signed };
  if (page !== null) return { ...page, signed };
  return { outcome: 'valid', sentence: `Signed by ${fingerprint}, and unchanged since.${inPage ? ' The page shows what was signed.' : ''}`, signed };
}

/** Null where the page is the one that is made of this report, byte for byte. */
function judgePage(page: string, signed: SignedReport): Pick<Verification, 'outcome' | 'sentence'> | null {
  if (page === renderPage(signed)) return null;
  if (pageFormatOf(page) === pageFormat) return { outcome: 'invalid', sentence: 'The report inside the page is as it was signed, but the page around it was changed: do not believe what it shows.' };
  return { outcome: 'couldNotTell', sentence: 'The report inside the page is as it was signed. Whether the page shows the same cannot be told: another version of Holdfast made it. Make it again from the report: holdfast report verify FILE --html NEW.' };
}
