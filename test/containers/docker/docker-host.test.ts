import { describe, expect, test } from 'vitest';
import { dockerAddress, dockerConnection } from '../../../src/containers/docker/docker-host.ts';
import { failing } from '../../support/failing.ts';

describe('the engine\'s address', () => {
  test('is DOCKER_HOST\'s, or the default socket', () => {
    expect(dockerAddress({ DOCKER_HOST: 'tcp://db-7:2375' })).toBe('tcp://db-7:2375');
    expect(dockerAddress({ DOCKER_HOST: '' })).toBe('unix:///var/run/docker.sock');
    expect(dockerAddress({})).toBe('unix:///var/run/docker.sock');
  });

  test.each([
    ['unix:///run/user/1000/docker.sock', { socketPath: '/run/user/1000/docker.sock', host: undefined, protocol: 'http' }],
    ['tcp://127.0.0.1:2375', { socketPath: undefined, host: '127.0.0.1', port: 2375, protocol: 'http' }],
    ['tcp://db-7', { host: 'db-7', port: 2375 }],
    ['tcp://[::1]:4000', { host: '::1', port: 4000 }],
    ['https://db-7', { host: 'db-7', port: 2376, protocol: 'https' }],
  ])('%s', (address, expected) => expect(dockerConnection(address, {})).toMatchObject(expected));

  test('is reached by TLS where the docker command line would', () => {
    expect(dockerConnection('tcp://db-7', { DOCKER_TLS_VERIFY: '1' })).toMatchObject({ protocol: 'https', port: 2376 });
  });

  test('leaves nothing open for the environment of the process to fill in', () => {
    const every = ['socketPath', 'host', 'port', 'protocol', 'ca', 'cert', 'key', 'timeout'];
    for (const address of ['unix:///x', 'tcp://h:1', 'https://h']) expect(Object.keys(dockerConnection(address, {}))).toEqual(expect.arrayContaining(every));
  });

  test.each(['ssh://user@host', 'unix://', 'unix://relative', 'npipe:////./pipe/docker', '/var/run/docker.sock', 'db-7:2375', ''])('refuses "%s"', async (address) => {
    await failing('InvalidConfiguration', async () => dockerConnection(address, {}));
  });

  test('shows no password that somebody wrote into it', async () => {
    const failure = await failing('InvalidConfiguration', async () => dockerConnection('ssh://user:canary@host', {}));
    expect(failure.message).not.toContain('canary');
  });
});
