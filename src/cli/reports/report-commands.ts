/** `report list | show | verify | period | key`: reads repositories and files, changes nothing, needs nothing running. */
import { readFile, writeFile } from 'node:fs/promises';
import { dueDrills } from '../../domain/drill/due-drills.ts';
import { breaches, isDrillKind } from '../../domain/drill/objectives.ts';
import { controls, noBrokenGlass, parsePeriod, periodAllowed, servicePeriod, standingOfPeriod, summarize, type PeriodDrill } from '../../domain/drill/period.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { ServiceDefinition } from '../../domain/service.ts';
import { renderPeriodPage } from '../../report/page/period-page.ts';
import { renderPage } from '../../report/page/render-page.ts';
import { largestReportBytes } from '../../report/read-report.ts';
import { signatureHolds, signedReportSha256, type SignedReport } from '../../report/signed-report.ts';
import { fingerprintOf, publicKeyPem } from '../../report/signing-key.ts';
import { verifyReport } from '../../report/verify-report.ts';
import { ownPublicKey } from '../../worker/report-key.ts';
import { holdfastVersion } from '../../worker/version.ts';
import { chosenService, theService, type CommandContext } from '../command-context.ts';
import { exitCodes, standingExits, type ExitCode } from '../exit-codes.ts';
import { repositoriesOf } from '../list-backups.ts';
import { periodText } from '../rendering/period-text.ts';
import { reportTable, reportText } from '../rendering/report-text.ts';
import { readFirstAt } from '../status/newest-proofs.ts';
import { chosenDrill, readDrills, type ReadDrill } from './read-reports.ts';
import { knownKeys, trustedKeys } from './trusted-keys.ts';

/** Of the service that `-s` names, or of all. */
async function meantServices(context: CommandContext): Promise<readonly ServiceDefinition[]> {
  const config = await context.config();
  return context.options.service === undefined ? config.services : [chosenService(config, context.options.service)];
}

export async function listReports(context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  const drills = (await Promise.all((await meantServices(context)).map((service) => readDrills(context, service)))).flat();
  output.object({ reports: drills.map(listedObject), exitCode: exitCodes.done });
  if (drills.length === 0) output.result('There is no drill yet.');
  else for (const line of [...reportTable(drills, context.clock().timeZone), '', '  All of one: holdfast report show ID. For others: holdfast report show ID --html FILE', ...await untold(context, drills)]) output.result(line);
  return exitCodes.done;
}

/** Where nobody said whom to trust: whose word it is that stands above. */
async function untold(context: CommandContext, drills: readonly ReadDrill[]): Promise<readonly string[]> {
  const signers = new Set(drills.flatMap(({ signed, problem }) => (signed === null || problem !== null ? [] : [signed.signature.fingerprint])));
  if (signers.size === 0 || await knownKeys(context) !== null) return [];
  return [`  Signed by ${[...signers].join(', ')}: whose that is, nobody here has said. Name the keys you trust: reports.keys in holdfast.yaml.`];
}

/** Of one that cannot be believed, only that, and who signed it. */
function listedObject({ signed, report, ...each }: ReadDrill): object {
  const told = each.problem === null ? report : null;
  return { ...each, verdict: told?.verdict ?? null, rto: told?.times.rto ?? null, rpo: told?.times.rpo ?? null, objectives: told?.objectives ?? [], signedBy: each.fault === 'changed' ? null : signed?.signature.fingerprint ?? null };
}

export async function showReport(context: CommandContext, asked: string, html: string | undefined): Promise<ExitCode> {
  const { output } = context;
  const drill = chosenDrill(await readDrills(context, await theService(context)), asked);
  if (drill.signed === null) throw new HoldfastFailure('RepositoryDamaged', { operation: 'show the report', object: `${drill.service}/${drill.drillId}`, cause: drill.problem ?? 'it cannot be read', hint: 'See `holdfast report list`; the run itself may still be known: holdfast status.' });
  if (html !== undefined) await writeNew(html, renderPage(drill.signed));
  const exitCode = drill.problem === null ? exitCodes.done : exitCodes.failed;
  output.object({ ...drill.signed, problem: drill.problem, exitCode });
  for (const line of reportText(drill.signed.report, context.clock())) output.result(line);
  output.result(drill.problem === null ? `  signed by ${drill.signed.signature.fingerprint}` : `  ${drill.problem}: DO NOT BELIEVE WHAT STANDS ABOVE`);
  if (html !== undefined) output.result(`  written: ${html}`);
  return exitCode;
}

/** A report of before is not overwritten: it may be the one that was handed on. */
async function writeNew(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: 'wx' }).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw new HoldfastFailure('InvalidInput', { operation: 'write the page', object: JSON.stringify(path.slice(0, 200)), cause: code === 'EEXIST' ? 'there is a file of that name' : `it cannot be written (${code ?? 'unknown'})`, hint: 'Give another name.' });
  });
}

const verdictExits = { valid: exitCodes.done, invalid: exitCodes.failed, couldNotTell: exitCodes.couldNotVerify } as const;

export async function verifyFile(context: CommandContext, file: string, options: { readonly key?: string; readonly html?: string }): Promise<ExitCode> {
  const { output } = context;
  const trusted = await trustedKeys(context, options.key);
  const { outcome, sentence, signed } = verifyReport(await readText(file), trusted);
  const exitCode = verdictExits[outcome];
  output.object({ outcome, sentence, fingerprint: signed?.signature.fingerprint ?? null, report: outcome === 'invalid' ? null : signed?.report ?? null, exitCode });
  output.result(`${{ valid: '✓ VALID', invalid: '✗ NOT VALID', couldNotTell: '? COULD NOT BE TOLD' }[outcome]}: ${sentence}`);
  if (signed !== null && signatureHolds(signed)) output.result(`  ${signed.report.service}, ${signed.report.kind} drill ${signed.report.drillId}: ${signed.report.sentence}`);
  if (options.html !== undefined && signed !== null && outcome !== 'invalid') await writePage(context, options.html, signed);
  return exitCode;
}

async function writePage({ output }: CommandContext, path: string, signed: SignedReport): Promise<void> {
  await writeNew(path, renderPage(signed));
  output.result(`  written: ${path}`);
}

async function readText(file: string): Promise<string> {
  const fail = (cause: string): HoldfastFailure => new HoldfastFailure('InvalidInput', { operation: 'read the report', object: JSON.stringify(file.slice(0, 200)), cause, hint: 'Give the report.json or the page as you were given it.' });
  const bytes = await readFile(file).catch((error: unknown) => {
    throw fail(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  });
  if (bytes.length > largestReportBytes) throw fail('it is larger than any report');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail('it is not UTF-8');
  }
}

/** `check`: does the exit code say what came of the period? Else the report itself is what was asked for. `html`: a file to write it into as a page. */
export async function showPeriod(context: CommandContext, text: string, { check = false, html }: { readonly check?: boolean; readonly html?: string }): Promise<ExitCode> {
  const { output } = context;
  const period = parsePeriod(text);
  if (period === null) throw new HoldfastFailure('InvalidInput', { operation: 'read the period', object: JSON.stringify(text.slice(0, 40)), cause: periodAllowed, hint: 'For example: holdfast report period 2026Q4.' });
  const clock = context.clock();
  const read = await Promise.all((await meantServices(context)).map(async (service) => ({ service, since: await readFirstAt(await repositoriesOf(context, service), service.name), drills: await readDrills(context, service) })));
  const services = read.map(({ service, since, drills }) => servicePeriod({ service: service.name, due: dueDrills(service), since, drills: drills.flatMap(periodDrill) }, period, Date.parse(clock.now)));
  const summary = summarize(services);
  const standing = standingOfPeriod(services, summary);
  const exitCode = check ? standingExits[standing] : exitCodes.done;
  if (html !== undefined) await writeNew(html, renderPeriodPage({ ...period, madeAt: clock.now, services, summary, standing, trusted: await knownKeys(context), version: holdfastVersion }));
  output.object({ period: text, standing, summary, services, brokenGlass: { uses: summary.brokenGlass, note: noBrokenGlass }, controls, exitCode });
  for (const line of [...periodText(period.label, services, summary, clock.timeZone), ...await untold(context, read.flatMap(({ drills }) => drills))]) output.result(line);
  if (html !== undefined) output.result(`  written: ${html}`);
  return exitCode;
}

function periodDrill({ drillId, beganAt, kind, report, problem, signed }: ReadDrill): readonly PeriodDrill[] {
  if (!isDrillKind(kind)) return [];
  const told = problem === null ? report : null;
  const stored = signed === null ? { reportSha256: null, signedBy: null } : { reportSha256: signedReportSha256(signed), signedBy: signed.signature.fingerprint };
  return [{ ...stored, drillId, kind, beganAt, verdict: report?.verdict ?? null, rtoMs: told?.times.rto.ms ?? null, rpoMs: told?.times.rpo.ms ?? null, breaches: told === null ? [] : breaches(told.objectives), signed: told !== null, problem: report === null ? null : problem }];
}

export async function showKey(context: CommandContext, pem: boolean): Promise<ExitCode> {
  const { output } = context;
  const settings = await context.config().then(({ reports }) => reports, () => undefined);
  const line = await ownPublicKey(settings, context.environment);
  if (line === null) throw new HoldfastFailure('SecretNotFound', { operation: 'show the key that signs reports', object: 'this machine', cause: 'no report was signed here yet, and reports.signingKey names no key', hint: 'It is made when the first drill ends; or make one now: openssl genpkey -algorithm ed25519 -out report-signing.pem, and name it in holdfast.yaml.' });
  output.object({ publicKey: line, fingerprint: fingerprintOf(line), exitCode: exitCodes.done });
  for (const each of pem ? publicKeyPem(line).trimEnd().split('\n') : [line, `  fingerprint ${fingerprintOf(line)}`]) output.result(each);
  return exitCodes.done;
}
