/** Reads a configuration from text, for tests that need no file. */
import type { Config } from '../../src/config/config.ts';
import { invalidConfiguration, type ConfigProblem } from '../../src/config/config-problem.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { configFrom } from '../../src/config/service-definitions.ts';
import { HoldfastFailure } from '../../src/domain/failures.ts';

export function readConfig(text: string): Config {
  const { settings, problems, locate } = parseConfig(text);
  if (settings === null) throw invalidConfiguration('/etc/holdfast.yaml', problems);
  return configFrom(settings, '/etc/holdfast.yaml', locate);
}

/** The problems of a text that cannot be read, as the schema reports them. */
export const problemsIn = (text: string): readonly ConfigProblem[] => parseConfig(text).problems;

/** The failure a text leads to; fails when it is valid. */
export function failureOf(text: string): HoldfastFailure {
  try {
    readConfig(text);
  } catch (error) {
    if (error instanceof HoldfastFailure) return error;
    throw error;
  }
  throw new Error('the configuration is valid');
}
