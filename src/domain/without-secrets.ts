/** Passwords stand in commands (`--requirepass …`), health checks (`redis-cli -a …`), options of log drivers and labels too: whoever makes the container again has to put them back. Pure. */
import type { ContainerSetUp } from './container-set-up.ts';

const redacted = 'REDACTED';
/** Names of options, variables and labels whose values are nobody's business. */
const secretWords = 'pass|auth|secret|token|credential|private';
const secretName = new RegExp(secretWords, 'i');
/** `scheme://user:password@` */
const credentials = /(:\/\/[^/\s:@]*:)[^/\s@]+@/g;

/** A word of a shell, and one that says no more than where a value is found. */
const shellWord = String.raw`(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\;&|)])+`;
const reference = String.raw`"?\$(?:\w+|\{\w+\})"?(?=[\s;&|)"']|$)|"?\$\(|"?\x60`;
/** `-a value`, `--password value`, `PASSWORD=value`. Whatever begins with `--no-` has none. */
const inShell = new RegExp(String.raw`((?:^|[\s;&|("'])(?:-a\s+|(?!--?no-)--?[\w-]*(?:${secretWords})[\w-]*\s+)|[\w.-]*(?:${secretWords})[\w.-]*=)(?!-|${reference})${shellWord}`, 'gi');

/** Their options are documented, and a name says which of them is a secret. Of other drivers, plugins, nothing is known: an address may be one. */
const knownLogDrivers: ReadonlySet<string> = new Set(['json-file', 'local', 'journald', 'syslog', 'gelf', 'fluentd', 'awslogs', 'gcplogs', 'splunk', 'none']);

/** The same with {@link redacted} for whatever may be a secret. */
export function withoutSecrets(setUp: ContainerSetUp): ContainerSetUp {
  return {
    ...setUp, entrypoint: withoutSecretWords(setUp.entrypoint), command: withoutSecretWords(setUp.command),
    labels: Object.fromEntries(Object.entries(setUp.labels).map(([name, value]) => [name, valueOf(name, value)])),
    ...(setUp.options === undefined ? {} : { options: withoutSecretOptions(setUp.options) }),
  };
}

const withoutAddresses = (text: string): string => text.replace(credentials, `$1${redacted}@`);
const valueOf = (name: string, value: string): string => (secretName.test(name) ? redacted : withoutAddresses(value));

const withoutSecretWords = (words: readonly string[]): readonly string[] => words.map((word, index) => {
  const before = words[index - 1] ?? '';
  if (/^-/.test(before) && !before.includes('=') && secretName.test(before) && !/^-/.test(word)) return redacted;
  const [, name, value] = /^([^=\s]+)=(.*)$/s.exec(word) ?? [];
  if (name !== undefined && value !== undefined && secretName.test(name)) return `${name}=${redacted}`;
  return withoutAddresses(word);
});

function withoutSecretOptions(options: readonly string[]): readonly string[] {
  const isKnown = options.every((option) => !option.startsWith('--log-driver=') || knownLogDrivers.has(option.slice('--log-driver='.length)));
  return options.map((option) => {
    const [, name = '', value = ''] = /^(--[a-z-]+)=(.*)$/s.exec(option) ?? [];
    if (name === '--health-cmd') return `${name}=${withoutAddresses(value.replace(inShell, `$1${redacted}`))}`;
    const [, key, given] = /^([^=]+)=(.*)$/s.exec(value) ?? [];
    if (name !== '--log-opt' || key === undefined || given === undefined) return option;
    return `${name}=${key}=${isKnown ? valueOf(key, given) : redacted}`;
  });
}
