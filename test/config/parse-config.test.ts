import { describe, expect, it } from 'vitest';
import { failureOf, problemsIn, readConfig } from './read-config.ts';

const smallest = 'services:\n  shop:\n    postgres: { container: shop-db }\nrepositories:\n  nas: { url: /srv/backups }\n';
const places = (text: string): readonly string[] => problemsIn(text).map(({ where, position }) => `${where} ${position?.line}:${position?.column}`);

describe('a valid file', () => {
  it('needs only a container and a repository', () => {
    expect(readConfig(smallest)).toEqual({
      services: [{
        name: 'shop', host: 'local', version: null, application: null, health: null, repositories: ['nas'],
        components: [{ engine: 'postgres', name: 'postgres', container: 'shop-db', database: 'postgres', user: 'postgres' }],
        approval: { required: ['restore', 'undo', 'accept'], fourEyes: false, approvers: [], expiresAfterMs: 14_400_000 },
        proveAfterBackup: true, contentHashes: true, skewLimitMs: 2_000,
      }],
      repositories: [{ name: 'nas', path: '/srv/backups' }], host: 'local', queuePrefix: 'holdfast', path: '/etc/holdfast.yaml', notices: [],
    });
  });

  it('says everything this version understands', () => {
    const config = readConfig(`
host: berlin-1
queuePrefix: dr
backup: { prove: false, hashes: false, canary: true, skewLimit: 500ms }
approval: { required: [restore], fourEyes: true, approvers: [mia, tom], expiresAfter: 30m }
repositories: { nas: { url: ./backups }, second: { url: /mnt/copy } }
services:
  shop:
    version: "2.0.0"
    postgres: { container: db, database: shop, user: backup, password: { env: SHOP_PASSWORD } }
    redis: { container: cache, user: holdfast, password: { file: /run/secrets/redis } }
    app: { containers: [api, jobs], restart: onRestore }
    health: { url: "http://localhost:8009/health", within: 90s }
    repositories: [second]
`);
    expect(config).toMatchObject({ host: 'berlin-1', queuePrefix: 'dr', repositories: [{ name: 'nas', path: '/etc/backups' }, { name: 'second', path: '/mnt/copy' }] });
    expect(config.services[0]).toMatchObject({
      host: 'berlin-1', version: '2.0.0', repositories: ['second'], proveAfterBackup: false, contentHashes: false, canary: true, skewLimitMs: 500,
      components: [
        { engine: 'postgres', database: 'shop', user: 'backup', password: { env: 'SHOP_PASSWORD' } },
        { engine: 'redis', user: 'holdfast', password: { file: '/run/secrets/redis' } },
      ],
      application: { containers: ['api', 'jobs'] }, health: { withinMs: 90_000 },
      approval: { required: ['restore'], fourEyes: true, approvers: ['mia', 'tom'], expiresAfterMs: 1_800_000 },
    });
  });
});

describe('every problem at once', () => {
  const broken = `services:
  story portal:
    postgres: { contaner: db, database: 7, password: hunter2 }
  shop:
    redis:
    health: { url: "ftp://x", within: 2 minutes }
    app: { containers: db }
repositories:
  nas: { url: backups, encryption: { age: [age1x] } }
  off: { url: "s3://bucket/prefix", storageClass: STANDARD_IA }
aproval: { fourEyes: yes }
`;

  it('names each with its line and column', () => {
    expect(places(broken)).toEqual(expect.arrayContaining([
      'services 2:3',
      'services.shop.redis 5:5',
      'services.shop.health.url 6:20',
      'services.shop.health.within 6:39',
      'services.shop.app.containers 7:24',
      'repositories.nas.url 9:15',
      'repositories.nas.encryption 9:24',
      'repositories.off.url 10:15',
      'repositories.off.storageClass 10:37',
      'aproval 11:1',
    ]));
  });

  it('is one failure with one line a problem, in the order of the file', () => {
    const lines = failureOf(broken).fields.cause.split('\n').slice(1, -1);
    expect(lines).toHaveLength(problemsIn(broken).length);
    const positions = lines.map((line) => Number(/line (\d+)/.exec(line)?.[1]));
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    expect(new Set(lines).size).toBe(lines.length);
    expect(failureOf(broken).type).toBe('InvalidConfiguration');
  });

  it('says what is allowed, and what was probably meant', () => {
    const cause = failureOf(`${smallest}aproval: {}\n`).fields.cause;
    expect(cause).toContain('line 6, column 1: aproval: found the key "aproval"; there is no such key (did you mean approval?); allowed are services,');
  });

  it('reads a YAML mistake and its line', () => {
    expect(places('services:\n  a: 1\n  a: 2\n')).toEqual([' 3:3']);
    expect(failureOf('services: [\n').fields.cause).toMatch(/line \d/);
  });

  it('finds nothing in an empty file, and says what is needed', () => {
    expect(problemsIn('').map(({ where, found }) => `${where}: ${found}`)).toEqual(['services: nothing', 'repositories: nothing']);
  });
});

describe('what this version does not do', () => {
  const inService = (line: string): string => `services:\n  shop:\n    redis: { container: c }\n    ${line}\nrepositories: { nas: { url: /b } }\n`;

  it.each([
    ['versionCommand', inService('versionCommand: [cat, VERSION]')],
    ['encryption', smallest.replace('/srv/backups', '/srv/backups, encryption: { gpg: [a@b] }')],
    ['storageClass', smallest.replace('/srv/backups', '/srv/backups, storageClass: STANDARD_IA')],
    ['onFailure', inService('health: { url: "http://h/health", onFailure: fail }')],
    ['rollbackReminder', `${smallest}approval: { rollbackReminder: 7d }\n`],
  ])('refuses %s by name', (key, text) => {
    const problems = problemsIn(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ found: `the key "${key}"`, allowed: expect.stringMatching(/^not in this version: /) });
    expect(problems[0]?.position).not.toBeNull();
  });

  it('takes a log that is to be kept, and no other way of keeping it', () => {
    expect(readConfig(inService('postgres: { container: db, wal: stream }')).services[0]?.components[0]).toMatchObject({ container: 'db', wal: 'stream' });
    expect(readConfig(inService('postgres: { container: db, wal: archive }')).services[0]?.components[0]).toMatchObject({ container: 'db', wal: 'archive' });
    expect(problemsIn(inService('postgres: { container: db, wal: copy }'))).toEqual([expect.objectContaining({ where: 'services.shop.postgres.wal', found: '"copy"', allowed: expect.stringContaining('stream') })]);
  });

  it('takes an append-only file that is to be archived, and no other way of keeping it', () => {
    expect(readConfig('services:\n  shop:\n    redis: { container: c, aof: archive }\nrepositories: { nas: { url: /b } }\n').services[0]?.components[0]).toMatchObject({ engine: 'redis', aof: 'archive' });
    expect(problemsIn('services:\n  shop:\n    redis: { container: c, aof: stream }\nrepositories: { nas: { url: /b } }\n')).toEqual([expect.objectContaining({ where: 'services.shop.redis.aof', found: '"stream"', allowed: expect.stringContaining('allowed is archive') })]);
  });

  it.each(['s3://bucket', 'gs://bucket', 'azure://container', 'file:///srv', 'S3://bucket'])('refuses the repository %s', (url) => {
    expect(failureOf(smallest.replace('/srv/backups', url)).fields.cause).toContain('is not in this version');
  });

  it('refuses an approval that is asked for anyway, and copies in a further repository', () => {
    expect(problemsIn(`${smallest}approval: { required: [restore, delete] }\n`)).toEqual([expect.objectContaining({ where: 'approval.required.1', found: '"delete"', allowed: expect.stringMatching(/^it need not be named: `holdfast delete` always asks.*allowed is restore, undo or accept/) })]);
    expect(problemsIn(`${smallest}approval: { required: [remove] }\n`)).toEqual([expect.objectContaining({ allowed: 'allowed is restore, undo or accept' })]);
    const two = smallest.replace('/srv/backups }', '/srv/backups }\n  offsite: { url: /mnt/offsite }');
    expect(failureOf(two.replace('shop-db }', 'shop-db }\n    repositories: [nas, offsite]')).fields.cause).toMatch(/line 4.*services\.shop\.repositories\.1: found "offsite"; not in this version: copies/);
    expect(failureOf(two).fields.cause).toMatch(/services\.shop\.repositories: found nothing, with 2 repositories .*allowed is one of nas, offsite/);
    expect(readConfig(two.replace('shop-db }', 'shop-db }\n    repositories: [offsite]')).services[0]?.repositories).toEqual(['offsite']);
  });

  it('does not take ~ or a bare name for a directory', () => {
    for (const url of ['~/backups', 'backups']) expect(problemsIn(smallest.replace('/srv/backups', url))).toHaveLength(1);
  });
});

describe('secrets', () => {
  it.each(['password: hunter2', 'password: { env: A, file: /b }', 'password: { value: hunter2 }', 'password: { file: relative }', 'password: 12345', 'password: [hunter2]'])('refuses %s without repeating it', (line) => {
    const { message } = failureOf(smallest.replace('shop-db }', `shop-db, ${line} }`));
    expect(message).toContain('a secret itself never stands in the file');
    expect(message).not.toMatch(/hunter2|12345/);
  });

  it('refuses a health address with a password in it, unrepeated', () => {
    const { message } = failureOf(`services:\n  s:\n    redis: { container: c }\n    health: { url: "http://me:hunter2@host/health" }\nrepositories: { n: { url: /b } }\n`);
    expect(message).toContain('services.s.health.url');
    expect(message).not.toContain('hunter2');
  });
});

describe('what spans several places', () => {
  it('refuses a repository that is not there, with the one that was meant', () => {
    expect(failureOf(smallest.replace('shop-db }', 'shop-db }\n    repositories: [nsa, nas, nas]')).fields.cause).toMatch(/"nsa"; no repository has that name[^\n]*\n.*a repository is named once/);
    expect(failureOf(smallest.replace('shop-db }', 'shop-db }\n    repositories: [nas2]')).fields.cause).toContain('did you mean nas?');
  });

  it('refuses two services on one Redis, or on one database', () => {
    const two = (first: string, second: string): string => `services:\n  a: { ${first} }\n  b: { ${second} }\nrepositories: { n: { url: /b } }\n`;
    expect(failureOf(two('redis: { container: c }', 'redis: { container: c }')).fields.cause).toContain('belongs to the service a');
    expect(failureOf(two('postgres: { container: c, database: d }', 'postgres: { container: c, database: d }')).fields.cause).toContain('line 3');
    expect(readConfig(two('postgres: { container: c, database: d }', 'postgres: { container: c, database: e }')).services).toHaveLength(2);
  });

  it('refuses a service without a database, and two repositories in one place', () => {
    expect(failureOf('services:\n  a: { version: "1" }\nrepositories: { n: { url: /b } }\n').fields.cause).toContain('neither postgres nor redis');
    expect(failureOf(smallest.replace('nas: { url: /srv/backups }', 'nas: { url: /b }\n  two: { url: /b/ }')).fields.cause).toContain('no copy');
    expect(failureOf('services: {}\nrepositories: {}\n').fields.cause).toMatch(/services: found none.*\n.*repositories: found none/);
  });
});
