/** One signed report as one page that needs nothing else: no script, no request, nothing of another place. The same report makes the same bytes. */
import { signedReportText, type SignedReport } from '../signed-report.ts';
import { evidenceSection, notComparedSection, rebuiltSection, restoredSection, signatureSection, testsSection } from './evidence-sections.ts';
import { framed } from './frame.ts';
import { html } from './markup.ts';
import { checksSection, head, kindTitle, objectivesSection, timelineSection, trendSection } from './result-sections.ts';

/** Counted up with every change of what a page looks like: pages are compared with what their version would have made (a test watches it). */
export const pageFormat = 2;

const generator = 'Holdfast report page';

export function renderPage(signed: SignedReport): string {
  // From its text, so that a report that was read back, whose members are in the text's order, makes the same page.
  const text = signedReportText(signed);
  const { report } = JSON.parse(text) as SignedReport;
  return framed({ title: `${report.service} · ${kindTitle[report.kind]} ${report.drillId}`, generator: `${generator} ${pageFormat}` }, html`${head(report)}
${checksSection(report)}
${objectivesSection(report)}
${timelineSection(report)}
${trendSection(report)}
${restoredSection(report)}
${rebuiltSection(report)}
${notComparedSection(report)}
${testsSection(report)}
${evidenceSection(report)}
${signatureSection(signed, text)}
<footer>Times are UTC. A report holds no row of data. Made by Holdfast ${report.versions['holdfast'] ?? ''}.</footer>`);
}

/** Which version of pages this one says it is; null where it says none. */
export function pageFormatOf(page: string): number | null {
  const [, format] = new RegExp(`<meta name="generator" content="${generator} (\\d{1,6})">`).exec(page) ?? [];
  return format === undefined ? null : Number(format);
}
