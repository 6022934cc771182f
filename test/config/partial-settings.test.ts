import { describe, expect, it, test } from 'vitest';
import { configText } from '../../src/cli/rendering/config-text.ts';
import { configJsonSchema } from '../../src/config/config-schema.ts';
import { wishedSchedules } from '../../src/domain/schedules/schedule-terms.ts';
import { failureOf, readConfig } from './read-config.ts';

const withLog = (keys: string, more = ''): string => `services:\n  shop:\n    postgres: { container: db, ${keys} }\n    ${more}\nrepositories: { nas: { url: /b } }\n`;
const partialOf = (keys: string, more?: string): unknown => readConfig(withLog(keys, more)).services[0]?.components[0];

describe('how often the newest segment goes to the repository', () => {
  it('is a duration that the component carries, shown with the file, and nothing where it is not given', () => {
    expect(partialOf('wal: stream, walPartial: 45s')).toMatchObject({ wal: 'stream', walPartialMs: 45_000 });
    expect(partialOf('wal: stream')).not.toHaveProperty('walPartialMs');
    expect(configText(readConfig(withLog('wal: stream, walPartial: 45s'))).join('\n')).toContain('newest segment stored every 45s');
    expect(configText(readConfig(withLog('wal: stream'))).join('\n')).toContain('newest segment stored every 20s');
    expect(JSON.stringify(configJsonSchema())).toContain('walPartial');
  });

  it.each([
    ['wal: stream, walPartial: 20', '', /from 5s to 1h/],
    ['wal: stream, walPartial: 4s', '', /from 5s to 1h/],
    ['wal: stream, walPartial: 61m', 'objectives: { rpo: 2h }', /from 5s to 1h/],
    ['wal: archive, walPartial: 20s', '', /postgres\.walPartial: found "20s"; allowed is nothing with wal: archive: .*archive_timeout/],
    ['walPartial: 20s', '', /where the log is not kept/],
    ['wal: stream, walPartial: 15m', '', /with objectives\.rpo of 15m \(the default\), allowed is up to 890s/],
    ['wal: stream, walPartial: 51s', 'objectives: { rpo: 1m }', /with objectives\.rpo of 1m, allowed is up to 50s/],
    ['wal: stream, walPartial: 6s', 'objectives: { rpo: 10s }', /allowed is up to 5s/],
  ])('%s beside "%s" is refused with what is allowed', (keys, more, words) => {
    expect(failureOf(withLog(keys, more)).fields.cause).toMatch(words);
  });

  it('may be as long as what may be lost leaves it', () => {
    expect(partialOf('wal: stream, walPartial: 1h', 'objectives: { rpo: 2h }')).toMatchObject({ walPartialMs: 3_600_000 });
    expect(partialOf('wal: stream, walPartial: 50s', 'objectives: { rpo: 1m }')).toMatchObject({ walPartialMs: 50_000 });
  });

  it('is said where it does not keep what is promised, by its default or at its shortest', () => {
    const notices = (keys: string, more: string): readonly string[] => readConfig(withLog(keys, more)).notices;
    expect(notices('wal: stream', 'objectives: { rpo: 25s }')).toEqual([expect.stringMatching(/services\.shop: objectives\.rpo of 25s is not kept off this host: .* every 20s.*walPartial: 15s/)]);
    expect(notices('wal: stream, walPartial: 5s', 'objectives: { rpo: 10s }')).toEqual([expect.stringContaining('as often as it can')]);
    expect([notices('wal: stream', ''), notices('wal: stream', 'objectives: { rpo: 30s }'), notices('wal: archive', 'objectives: { rpo: 25s }'), notices('database: shop', 'objectives: { rpo: 25s }')]).toEqual([[], [], [], []]);
  });
});

test.each(['stream', 'archive'])('a service that says no more than wal: %s has a base backup each week beside its log', (wal) => {
  const [service] = readConfig(withLog(`wal: ${wal}`)).services;
  const base = wishedSchedules(service as NonNullable<typeof service>, 'holdfast').find(({ verb }) => verb === 'base');
  expect(base?.terms).toMatchObject({ when: '0 3 * * 0', starts: 'takeBackup', input: expect.stringContaining('"kind":"base"') });
  expect(wishedSchedules(readConfig(withLog('database: shop')).services[0] as NonNullable<typeof service>, 'holdfast').some(({ verb }) => verb === 'base')).toBe(false);
});
