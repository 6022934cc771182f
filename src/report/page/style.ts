/** The one style sheet of a page. No address of another place in it, no font to be fetched; nothing depends on colour alone. */
export const styleSheet = `
:root { --ink: #1b2430; --soft: #566273; --line: #dde3ea; --paper: #fff; --wash: #f6f8fa; --calm: #3d5f8a; --good: #1d6b47; --bad: #a32a1f; --open: #7d5300; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 ui-sans-serif, system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
h1, h2, p, dl, dd, ul, ol, figure { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 1.9rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.015em; }
h2 { font-size: 1.05rem; font-weight: 650; margin-bottom: 0.9rem; }
section { margin-top: 2.6rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
.over { color: var(--soft); font-size: 0.85rem; letter-spacing: 0.04em; margin-bottom: 0.5rem; }
.lead { font-size: 1.12rem; margin-top: 0.9rem; max-width: 44rem; }
.soft, .meta { color: var(--soft); }
.meta { font-size: 0.92rem; margin-top: 0.6rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .open { color: var(--open); }
.badge { display: inline-block; margin-top: 1.1rem; padding: 0.3rem 0.95rem 0.35rem; border: 2px solid currentColor; border-radius: 999px; font-weight: 650; }
.badge.bad { border-style: double; border-width: 4px; } .badge.open { border-style: dashed; }
.cards { display: grid; grid-template-columns: repeat(4, 1fr); margin-top: 2rem; border: 1px solid var(--line); border-radius: 10px; }
.cards div { padding: 1rem 1.1rem 1.05rem; border: solid var(--line); border-width: 0 0 0 1px; }
.cards div:first-child { border-left: 0; }
.cards dt { color: var(--soft); font-size: 0.85rem; }
.cards dd { font-size: 1.35rem; font-weight: 620; line-height: 1.3; margin-top: 0.15rem; overflow-wrap: normal; }
.cards small { display: block; font-size: 0.82rem; font-weight: 400; color: var(--soft); line-height: 1.4; margin-top: 0.25rem; }
.checks li { display: grid; grid-template-columns: 9.5rem minmax(0, 1fr); gap: 0 1.2rem; padding: 0.6rem 0; border-top: 1px solid var(--line); }
.checks li:first-child { border-top: 0; padding-top: 0; }
.checks .name { font-weight: 600; }
.checks .class { color: var(--soft); font-size: 0.86rem; word-break: normal; }
.checks .next { color: var(--soft); font-size: 0.93rem; }
.goals li { padding: 0.7rem 0 0.8rem; border-top: 1px solid var(--line); }
.goals li:first-child { border-top: 0; padding-top: 0; }
.goals .line { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; }
.goals .what { color: var(--soft); font-size: 0.93rem; }
.facts div { display: grid; grid-template-columns: 12rem minmax(0, 1fr); gap: 0 1.2rem; padding: 0.28rem 0; }
.facts dt { color: var(--soft); }
.facts + h2, .facts + .facts { margin-top: 1.6rem; }
code, pre { font: 0.84em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
pre { white-space: pre-wrap; background: var(--wash); border: 1px solid var(--line); border-radius: 8px; padding: 0.9rem 1rem; margin: 0.8rem 0 0; }
.plain li { padding: 0.2rem 0; }
.plain li::before { content: "– "; color: var(--soft); }
figure { margin-top: 0.4rem; }
figcaption { color: var(--soft); font-size: 0.93rem; margin-top: 0.6rem; }
svg { display: block; width: 100%; overflow: visible; }
svg text { font: 12px/1 ui-sans-serif, system-ui, "Segoe UI", Roboto, Arial, sans-serif; fill: var(--soft); }
svg .strong { fill: var(--ink); } svg .bad { fill: var(--bad); } svg .open { fill: var(--open); } svg text.bad, svg text.open { font-weight: 700; font-size: 14px; }
.track { fill: var(--wash); stroke: var(--line); }
.bar { fill: var(--calm); } .bar.stopped { fill: var(--paper); stroke: var(--open); stroke-width: 2; stroke-dasharray: 5 3; } .bar.failed { fill: var(--paper); stroke: var(--bad); stroke-width: 2; }
svg .bar.good { fill: var(--good); } svg .bar.bad { fill: var(--bad); }
.limit { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 4 3; }
.grid { stroke: var(--line); } .course { stroke: var(--calm); stroke-width: 2; }
.dot { fill: var(--paper); stroke: var(--calm); stroke-width: 2; } .dot.now { fill: var(--calm); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 2rem; }
.pair h3 { font-size: 0.95rem; font-weight: 600; margin: 0 0 0.5rem; }
summary { cursor: pointer; color: var(--calm); }
footer { margin-top: 3rem; color: var(--soft); font-size: 0.87rem; }
@media (max-width: 640px) {
  main { padding: 1.6rem 1.1rem 3rem; }
  h1 { font-size: 1.5rem; }
  .cards dd { font-size: 1.15rem; }
  .cards, .pair { grid-template-columns: 1fr 1fr; }
  .pair { grid-template-columns: 1fr; }
  .cards div:nth-child(odd) { border-left: 0; }
  .cards div:nth-child(n + 3) { border-top-width: 1px; }
  .checks li, .facts div { grid-template-columns: 1fr; }
  .facts div { padding: 0.4rem 0; }
}
@page { margin: 16mm 15mm 18mm; @bottom-right { content: "page " counter(page) " of " counter(pages); font: 8pt ui-sans-serif, system-ui, "Segoe UI", Roboto, Arial, sans-serif; color: #566273; } }
@media print {
  body { font-size: 10.5pt; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  section { margin-top: 1.4rem; padding-top: 1rem; }
  .cards dd { font-size: 1.1rem; }
  .facts div { grid-template-columns: 10rem minmax(0, 1fr); }
  h2, h2 + .soft { break-after: avoid; }
  h2 + .facts div:first-child { break-after: avoid; }
  li, .facts div, figure, .cards, section:last-of-type { break-inside: avoid; }
  .screen { display: none; }
}
`;
