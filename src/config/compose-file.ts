/** A compose file as it lies there. What it means to a drill is the domain's to say; whether it can be read at all is said here. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseDocument } from 'yaml';
import { HoldfastFailure } from '../domain/failures.ts';

const largestBytes = 1024 * 1024;

/** YAML 1.2 with merge keys, as compose reads it. @throws EnvironmentRefused where it is not there, cannot be read, or is no YAML; no line of it is repeated */
export async function readComposeFile(path: string): Promise<{ readonly value: unknown; readonly sha256: string }> {
  try {
    const { size } = await stat(path);
    if (size > largestBytes) throw new Error(`it has ${size} bytes, at most ${largestBytes} are read`);
    const text = await readFile(path);
    return { value: parsed(text.toString('utf8')), sha256: createHash('sha256').update(text).digest('hex') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new HoldfastFailure('EnvironmentRefused', {
      operation: 'read the compose file', object: basename(path), cause: code === 'ENOENT' ? 'it is not there' : code ?? message,
      hint: 'It is named by drill.compose.file in holdfast.yaml, and read where the worker runs.',
    }, { cause: error });
  }
}

/** A tag that is not resolved would be read as if it were not there: it is an error here. */
function parsed(text: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false, merge: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem === undefined) {
    try {
      return document.toJS();
    } catch {
      // The parser's own words repeat what stands there.
      throw new Error('an alias in it leads nowhere, or to too much');
    }
  }
  const line = text.slice(0, problem.pos[0]).split('\n').length;
  throw new Error(`line ${line} is no YAML that is understood (${problem.code})`);
}
