import { describe, expect, it } from 'vitest';
import { configText } from '../../src/cli/rendering/config-text.ts';
import { defaultObjectives } from '../../src/domain/drill/objectives.ts';
import { drillSettingsOf, objectivesOf, parseChoice, choiceText } from '../../src/domain/drill/drill-settings.ts';
import { failureOf, problemsIn, readConfig } from './read-config.ts';

const withService = (text: string, stores = 'postgres: { container: db }\n    redis: { container: cache }'): string => `services:\n  shop:\n    ${stores}\n    ${text}\nrepositories: { nas: { url: /b } }\n`;
const causeOf = (text: string, stores?: string): string => failureOf(withService(text, stores)).fields.cause;

const whole = `objectives: { restore: 20m, rpo: 30s }
    drill:
      choose: random-within 30d
      assertions:
        orders: { sql: "select count(*) from orders", expect: { atLeast: 1 } }
        canary: { redis: [GET, "app:canary"], database: 2, expect: rows }
      tests: { image: "shop-tests:2.0", command: [pytest, -q], timeout: 10m, memory: 2GB, environment: { SUITE: smoke } }
      health: { url: "http://app:8009/health", within: 90s }
      app: { image: "shop:2.0", memory: 1GB, environment: { PORT: "8009" } }`;

describe('how a service is drilled', () => {
  it('is read whole', () => {
    const [service] = readConfig(withService(whole)).services;
    expect(service?.objectives).toEqual({ ...defaultObjectives, restore: 1_200_000, rpo: 30_000 });
    expect(service?.drill).toEqual({
      choose: { kind: 'randomWithin', days: 30 },
      assertions: [
        { kind: 'sql', name: 'orders', component: 'postgres', sql: 'select count(*) from orders', expect: { kind: 'number', atLeast: '1' } },
        { kind: 'redis', name: 'canary', component: 'redis', command: ['GET', 'app:canary'], database: 2, expect: { kind: 'rows' } },
      ],
      tests: { image: 'shop-tests:2.0', command: ['pytest', '-q'], timeoutMs: 600_000, memoryBytes: 2 * 1_024 ** 3, environment: { SUITE: 'smoke' } },
      health: { url: 'http://app:8009/health', withinMs: 90_000 }, application: { image: 'shop:2.0', command: null, memoryBytes: 1_024 ** 3, environment: { PORT: '8009' } },
    });
    expect(configText(readConfig(withService(whole))).join('\n')).toContain('drills: one by chance of the last 30 days, 2 assertions, pytest in shop-tests:2.0, http://app:8009/health\n  objectives: backup 5m, verify 1m, restore 20m, rebuild 1h, rpo 30s');
  });

  it('has defaults, and is nothing that is carried around where the file does not name it', () => {
    const [service] = readConfig(withService('version: "1"')).services;
    expect(Object.keys(service ?? {})).not.toEqual(expect.arrayContaining(['drill']));
    expect(Object.keys(service ?? {})).not.toEqual(expect.arrayContaining(['objectives']));
    expect(drillSettingsOf(service ?? {})).toEqual({ choose: { kind: 'latest' }, assertions: [], tests: null, health: null });
    expect(objectivesOf(service ?? {})).toBe(defaultObjectives);
    expect(readConfig(withService('drill: { tests: { image: a, command: [b] } }')).services[0]?.drill?.tests).toMatchObject({ timeoutMs: 300_000, memoryBytes: 512 * 1_024 ** 2, environment: {} });
  });

  it.each<readonly [string, RegExp]>([
    ['drill: { choose: oldest }', /drill\.choose: found "oldest"; allowed is latest, or random-within/],
    ['drill: { choose: random-within 0d }', /allowed is latest, or random-within/],
    ['drill: { assertions: { a: { sql: "delete from t", expect: rows } } }', /assertions\.a\.sql: found "delete from t"; it begins with none of SELECT/],
    ['drill: { assertions: { a: { sql: "select 1; drop table t", expect: rows } } }', /more than one statement/],
    ['drill: { assertions: { a: { redis: [DEL, x], expect: rows } } }', /"DEL" is none of the commands that only read/],
    ['drill: { assertions: { a: { redis: GET x, expect: rows } } }', /allowed is a list of texts/],
    ['drill: { assertions: { a: { sql: "select 1" } } }', /assertions\.a\.expect: found nothing; allowed is rows/],
    ['drill: { assertions: { a: { sql: "select 1", expect: { atleast: 1 } } } }', /allowed is rows \(at least one\)/],
    ['drill: { assertions: { a: { expect: rows } } }', /neither sql nor redis/],
    ['drill: { assertions: { a: { sql: "select 1", redis: [DBSIZE], expect: rows } } }', /both sql and redis/],
    ['drill: { assertions: { a: { sql: "select 1", database: 1, expect: rows } } }', /database beside redis alone/],
    ['drill: { assertions: { "a b": { sql: "select 1", expect: rows } } }', /the name "a b"; allowed is the name of an assertion/],
    ['drill: { tests: { image: a } }', /tests\.command: found nothing/],
    ['drill: { tests: { image: a, command: [] } }', /allowed is a list of texts/],
    ['drill: { tests: { image: "a b", command: [x] } }', /allowed is the name of an image/],
    ['drill: { tests: { image: a, command: [x], memory: 1MB } }', /from 16MB to 512GB/],
    ['drill: { tests: { image: a, command: [x], timeout: 25h } }', /from 1s to 24h/],
    ['drill: { tests: { image: a, command: [x], environment: { 1A: x } } }', /the name of a variable/],
    ['drill: { health: { url: "http://u:p@app/" } }', /without user and password/],
    ['drill: { health: { url: "http://app/" } }', /nobody answers/],
    ['drill: { app: { image: shop }, health: { url: "https://app/" } }', /http: on the drill/],
    ['drill: { app: { image: shop }, health: { url: "http://10.0.0.1/" } }', /a plain name/],
    ['drill: { app: { command: [a] } }', /name of an image/],
    ['drill: { keys: { mail: the-secret-itself } }', /a secret itself never stands in the file/],
    ['drill: { keys: { mail: { file: escrow/mail.pem } } }', /\{file: \/absolute\/path\}/],
    ['drill: { keys: { "a b": { env: MAIL } } }', /the name of a key/],
    ['drill: { asertions: {} }', /did you mean assertions\?/],
    ['objectives: { rto: 5m }', /there is no such key/],
    ['objectives: { restore: soon }', /objectives\.restore: found "soon"; allowed is how long it may take until the service is back/],
  ])('%s is refused with what is allowed', (text, words) => {
    expect(causeOf(text)).toMatch(words);
  });

  it('asks only stores that the service has, and says where it does not', () => {
    expect(causeOf('drill: { assertions: { a: { sql: "select 1", expect: rows } } }', 'redis: { container: cache }')).toMatch(/line 4, column 28: services\.shop\.drill\.assertions\.a: found sql; the service has no postgres to ask/);
    expect(causeOf('drill: { assertions: { a: { redis: [DBSIZE], expect: 1 } } }', 'postgres: { container: db }')).toMatch(/no redis to ask/);
  });

  it('has keys that a rebuild asks for, each kept in a place that the live service does not have its password in', () => {
    const keys = 'drill: { keys: { mail: { file: /escrow/mail.pem }, api: { env: API_KEY } } }';
    const config = readConfig(withService(keys));
    expect(config.services[0]?.drill?.keys).toEqual([{ name: 'mail', kept: { file: '/escrow/mail.pem' } }, { name: 'api', kept: { env: 'API_KEY' } }]);
    expect(configText(config).join('\n')).toContain('2 keys asked for by a rebuild');
    expect(causeOf(keys, 'redis: { container: cache, password: { env: API_KEY } }')).toMatch(/services\.shop\.drill\.keys\.api: found environment variable API_KEY; allowed is a place of its own/);
    expect(causeOf(keys, 'postgres: { container: db, password: { file: /escrow/mail.pem } }')).toMatch(/keys\.mail: found file \/escrow\/mail\.pem/);
  });

  it('has another host for a failover, and the repository that is off site', () => {
    const two = (text: string, host = ''): string => `services:\n  shop:\n    redis: { container: cache }\n    repositories: [nas]\n    ${text}\nrepositories: { nas: { url: /b }, offsite: { url: /mnt/offsite } }\n${host}`;
    const text = 'failover: { host: standby, repository: offsite }';
    expect(readConfig(two(text)).services[0]?.failover).toEqual({ host: 'standby', repository: 'offsite' });
    expect(failureOf(two(text, 'host: standby\n')).fields.cause).toMatch(/services\.shop\.failover\.host: found "standby"; allowed is another host/);
    expect(failureOf(two('failover: { host: standby, repository: ofsite }')).fields.cause).toMatch(/failover\.repository: found "ofsite"; no repository has that name; allowed are nas, offsite/);
    expect(failureOf(two('failover: { host: standby }')).fields.cause).toMatch(/failover\.repository: found nothing/);
    expect(failureOf(two('schedules: { failover: yearly }')).fields.cause).toMatch(/no other host is named \(failover\); allowed is off/);
  });

  it('has an environment of its own in a compose file, whose path begins where holdfast.yaml stands', () => {
    const composeOf = (text: string): unknown => readConfig(withService(`drill: { compose: ${text}, health: { url: "http://api:8009/health" } }`)).services[0]?.drill?.compose;
    expect(composeOf('{ file: ./docker-compose.test.yml }')).toEqual({ file: '/etc/docker-compose.test.yml', databases: {} });
    expect(composeOf('{ file: ../platform/test.yml, databases: { redis: cache } }')).toEqual({ file: '/platform/test.yml', databases: { redis: 'cache' } });
    expect(composeOf('{ file: /srv/test.yml, databases: { postgres: db, redis: cache } }')).toEqual({ file: '/srv/test.yml', databases: { postgres: 'db', redis: 'cache' } });
    expect(configText(readConfig(withService('drill: { compose: { file: ./test.yml } }'))).join('\n')).toContain('drills: the newest backup, in /etc/test.yml');
  });

  it.each<readonly [string, RegExp]>([
    ['drill: { compose: ./test.yml }', /drill\.compose: found "\.\/test\.yml"; allowed is a mapping with file, databases/],
    ['drill: { compose: {} }', /compose\.file: found nothing; allowed is a file: an absolute path/],
    ['drill: { compose: { file: test.yml } }', /compose\.file: found "test\.yml"; allowed is a file/],
    ['drill: { compose: { file: ./tests/ } }', /compose\.file: found "\.\/tests\/"; allowed is a file/],
    ['drill: { compose: { file: ./test.yml, databases: { mysql: db } } }', /databases\.mysql: found the key "mysql"; there is no such key; allowed are postgres, redis/],
    ['drill: { compose: { file: ./test.yml, databases: { postgres: "a b" } } }', /databases\.postgres: found "a b"; allowed is the name of a service of the compose file/],
    ['drill: { compose: { file: ./test.yml }, app: { image: shop } }', /drill\.compose: found app beside it; allowed is one of them/],
  ])('%s: no compose file', (text, expected) => {
    expect(causeOf(text)).toMatch(expected);
  });

  it('a compose file has nothing to say of a database that the service has not', () => {
    expect(causeOf('drill: { compose: { file: ./test.yml, databases: { postgres: db } } }', 'redis: { container: cache }')).toMatch(/compose\.databases\.postgres: found postgres; the service has no postgres/);
  });

  it('names every problem at once', () => {
    expect(problemsIn(withService('drill: { choose: x, assertions: { a: { sql: "drop table t", expect: [] } }, tests: { image: a } }')).map(({ where }) => where)).toEqual([
      'services.shop.drill.choose', 'services.shop.drill.assertions.a.sql', 'services.shop.drill.assertions.a.expect', 'services.shop.drill.tests.command',
    ]);
  });
});

describe('which backups are proven', () => {
  it.each([['always', true, undefined], ['daily', true, 'daily'], ['weekly', true, 'weekly'], ['never', false, undefined], ['true', true, undefined], ['false', false, undefined]] as const)('%s', (text, proveAfterBackup, prove) => {
    const [service] = readConfig(`backup: { prove: ${text} }\n${withService('version: "1"')}`).services;
    expect([service?.proveAfterBackup, service?.prove]).toEqual([proveAfterBackup, prove]);
  });

  it('is one of four words', () => {
    expect(failureOf(`backup: { prove: sometimes }\n${withService('version: "1"')}`).fields.cause).toMatch(/backup\.prove: found "sometimes"; allowed is always, daily, weekly or never/);
  });
});

describe('the reports', () => {
  it('are kept seven years, and signed with a key that is found when it is used', () => {
    expect(readConfig(withService('version: "1"')).reports).toBeUndefined();
    expect(readConfig(`reports: {}\n${withService('version: "1"')}`).reports).toEqual({ keepMs: 2_557 * 86_400_000 });
    expect(readConfig(`reports: { signingKey: { file: /run/secrets/key }, keep: 3650d }\n${withService('version: "1"')}`).reports).toEqual({ signingKey: { file: '/run/secrets/key' }, keepMs: 3_650 * 86_400_000 });
    expect(readConfig(`reports: { keys: ["SHA256:${'A'.repeat(43)}"] }\n${withService('version: "1"')}`).reports).toEqual({ keepMs: 2_557 * 86_400_000, keys: [`SHA256:${'A'.repeat(43)}`] });
    for (const keys of ['[]', '["ssh-ed25519 AAAA"]', '["SHA256:short"]', 'SHA256']) expect(failureOf(`reports: { keys: ${keys} }\n${withService('version: "1"')}`).fields.cause).toContain('a list of fingerprints in quotes');
    expect(failureOf(`reports: { signingKey: MC4CAQAwBQYDK2VwBCIEIA, keep: 12y }\n${withService('version: "1"')}`).fields.cause).toMatch(/a secret itself never stands in the file[^]*from 1d to 3650d/);
  });
});

it('reads back the choice it writes', () => {
  for (const text of ['latest', 'random-within 7d']) expect(choiceText(parseChoice(text) ?? { kind: 'latest' })).toBe(text);
  expect([parseChoice('random-within'), parseChoice('random-within 1h'), parseChoice('')]).toEqual([null, null, null]);
});
