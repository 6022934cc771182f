/** From the bytes of report.json, or of the page that carries it, to the signed report; or to what is wrong with them. */
import { canonicalJson } from '../domain/canonical-json.ts';
import { rebuiltReportFormat } from '../domain/drill/drill-report.ts';
import { reportIn } from './page/embedded-report.ts';
import { signedReportSchema } from './report-schema.ts';
import type { SignedReport } from './signed-report.ts';

/** More than any report has; less than would be trouble to parse. */
export const largestReportBytes = 32 * 1_024 * 1_024;
const depthLimit = 32;

export type ReadReport =
  | { readonly signed: SignedReport; readonly problem: null; /** Was it found in a page? */ readonly inPage: boolean }
  | { readonly signed: null; readonly problem: string };

export function readReport(text: string): ReadReport {
  const inPage = text.startsWith('<!doctype html>');
  const json = inPage ? reportIn(text) : text;
  if (json === null) return wrong('the page carries no report, or more than one');
  if (text.length > largestReportBytes) return wrong('it is larger than any report');
  return parsed(json, inPage);
}

const wrong = (problem: string): ReadReport => ({ signed: null, problem });

function parsed(json: string, inPage: boolean): ReadReport {
  if (deeper(json)) return wrong(`it is nested deeper than ${depthLimit} levels`);
  let value: unknown;
  try {
    value = JSON.parse(json);
    if (canonicalJson(value) !== json) return wrong('it is not canonical JSON: something changed it');
  } catch {
    return wrong('it is not JSON as Holdfast writes it');
  }
  const { format, report } = (value ?? {}) as { format?: unknown; report?: { format?: unknown } | null };
  const newer = [[format, 1], [report?.format, rebuiltReportFormat]].find(([found, known]) => typeof found === 'number' && found > (known as number))?.[0];
  if (newer !== undefined) return wrong(`it has format ${String(newer)}: a newer Holdfast wrote it`);
  const result = signedReportSchema.safeParse(value);
  const issue = result.error?.issues[0];
  if (!result.success) return wrong(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it has another shape'}`);
  // A validator may drop what it does not look at (`__proto__`); what is believed has to be all that stands there.
  return canonicalJson(result.data) === json ? { signed: result.data, problem: null, inPage } : wrong('it has members that are not known');
}

/** Deep text is refused before a parser spends memory on it. */
function deeper(json: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < json.length && depth <= depthLimit; at += 1) {
    const character = json[at];
    if (quoted && character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && (character === '{' || character === '[')) depth += 1;
    else if (!quoted && (character === '}' || character === ']')) depth -= 1;
  }
  return depth > depthLimit;
}
