/** `npm run screenshot`: the page that the demo's drill left, as a browser shows it, for the README. Run by hand, when its looks have changed. */
import { globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { pageFormat, pageFormatOf } from '../src/report/page/render-page.ts';
import { ensureDebianPackages } from './debian-packages.ts';
import { readRecords } from './demo/demo-record.ts';
import { findProgram, lastLines, runCommand } from './run-command.ts';
import { describeFailure, SetupFailure } from './setup-failure.ts';
import { step } from './steps.ts';

const root = join(import.meta.dirname, '..');
const picture = join(root, 'docs', 'images', 'drill-report.png');
/** CSS pixels, so that no line of a check is broken; the README shows it smaller. */
const width = 1008;
const pixelsPerCssPixel = 1.25;
/** Verdict, figures, checks and objectives; what follows names the host, and is for whoever reads on. */
const lastSection = 'Against the objectives';
const largestBytes = 200_000;
const packages = { chromium: ['chromium', 'fonts-liberation'], pngquant: ['pngquant'] } as const;

async function main([given]: readonly string[]): Promise<void> {
  const report = given === undefined ? keptPage() : resolve(given);
  requirePage(report);
  const browser = await chromium.launch({ executablePath: await program('chromium') });
  try {
    await step('screenshot', async () => ({ value: await take(browser, report), outcome: `${relative(root, picture)}, ${Math.ceil(statSync(picture).size / 1000)} kB, of ${report}` }));
  } finally {
    await browser.close();
  }
  if (statSync(picture).size > largestBytes) throw new SetupFailure(`the picture is larger than ${largestBytes / 1000} kB`, 'show less of the page, or fewer pixels of it (devbox/screenshot.ts)');
}

/** Of the demo that was kept last. */
function keptPage(): string {
  const pages = readRecords().filter(({ kept }) => kept).flatMap(({ directory }) => globSync(join(directory, 'backups', '*', 'drills', '*', 'report.html')));
  const [newest] = pages.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (newest === undefined) throw new SetupFailure('no demo was kept whose drill left a report', 'npm run demo -- --keep, then npm run screenshot; or npm run screenshot -- FILE');
  return newest;
}

/** A picture of another version's looks would stand in the README for this one's. */
function requirePage(path: string): void {
  const format = pageFormatOf(readFileSync(path, 'utf8'));
  if (format !== pageFormat) throw new SetupFailure(`${path} is ${format === null ? 'no report of a drill' : `a page of format ${format}, this is ${pageFormat}`}`, 'npm run demo -- --keep, then npm run screenshot');
}

/** On the path, or installed as a Debian package. */
async function program(name: keyof typeof packages): Promise<string> {
  const found = await findProgram(name);
  if (found !== undefined) return found;
  await ensureDebianPackages(packages[name], `${name}, for the picture in the README`);
  return await findProgram(name) ?? name;
}

/** Without script and network: the page needs neither. */
async function take(browser: Browser, report: string): Promise<void> {
  const context = await browser.newContext({ viewport: { width, height: 1200 }, deviceScaleFactor: pixelsPerCssPixel, colorScheme: 'light', javaScriptEnabled: false, offline: true });
  const page = await context.newPage();
  await page.goto(pathToFileURL(report).href);
  mkdirSync(dirname(picture), { recursive: true });
  await page.screenshot({ path: picture, clip: { x: 0, y: 0, width, height: await heightUntil(page) }, fullPage: true });
  const { exitCode, output } = await runCommand(await program('pngquant'), ['--force', '--strip', '--speed', '1', '--output', picture, '64', picture]);
  if (exitCode !== 0) throw new SetupFailure(`pngquant exited ${exitCode}: ${lastLines(output)}`, 'see what it says');
}

async function heightUntil(page: Page): Promise<number> {
  const box = await page.locator('section', { has: page.getByRole('heading', { name: lastSection }) }).boundingBox();
  if (box === null) throw new SetupFailure(`the page has no section "${lastSection}"`, 'name the last one to be shown (devbox/screenshot.ts)');
  return Math.ceil(box.y + box.height) + 32;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`\n${describeFailure(error)}\n`);
  process.exitCode = 1;
}
