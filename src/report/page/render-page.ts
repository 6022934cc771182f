/** One signed report as one page that needs nothing else: no script, no request, nothing of another place. The same report makes the same bytes. */
import { createHash } from 'node:crypto';
import { signedReportText, type SignedReport } from '../signed-report.ts';
import { evidenceSection, notComparedSection, rebuiltSection, restoredSection, signatureSection, testsSection } from './evidence-sections.ts';
import { html } from './markup.ts';
import { checksSection, head, kindTitle, objectivesSection, timelineSection, trendSection } from './result-sections.ts';
import { styleSheet } from './style.ts';

/** Counted up with every change of what a page looks like: pages are compared with what their version would have made (a test watches it). */
export const pageFormat = 2;

const generator = 'Holdfast report page';

/** Only this one style sheet counts; all else is refused by the browser, whatever got into the page. */
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(styleSheet).digest('base64')}'; base-uri 'none'; form-action 'none'`;

export function renderPage(signed: SignedReport): string {
  // From its text, so that a report that was read back, whose members are in the text's order, makes the same page.
  const text = signedReportText(signed);
  const { report } = JSON.parse(text) as SignedReport;
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${{ markup: policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="${generator} ${pageFormat}">
<title>${report.service} · ${kindTitle[report.kind]} ${report.drillId}</title>
<style>${{ markup: styleSheet }}</style>
</head>
<body>
<main>
${head(report)}
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
<footer>Times are UTC. A report holds no row of data. Made by Holdfast ${report.versions['holdfast'] ?? ''}.</footer>
</main>
</body>
</html>
`;
  return markup;
}

/** Which version of pages this one says it is; null where it says none. */
export function pageFormatOf(page: string): number | null {
  const [, format] = new RegExp(`<meta name="generator" content="${generator} (\\d{1,6})">`).exec(page) ?? [];
  return format === undefined ? null : Number(format);
}
