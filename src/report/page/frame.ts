/** What is around every page: it needs nothing else, no script, no request, nothing of another place. Pure. */
import { createHash } from 'node:crypto';
import { html, type Markup } from './markup.ts';
import { styleSheet } from './style.ts';

/** Only this one style sheet counts; all else is refused by the browser, whatever got into the page. */
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(styleSheet).digest('base64')}'; base-uri 'none'; form-action 'none'`;

export function framed({ title, generator }: { readonly title: string; readonly generator: string }, content: Markup): string {
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${{ markup: policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="${generator}">
<title>${title}</title>
<style>${{ markup: styleSheet }}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`;
  return markup;
}
