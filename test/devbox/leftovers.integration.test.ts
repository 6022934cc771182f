import { expect, test } from 'vitest';
import { findLeftovers, removeLeftovers } from '../../devbox/leftovers.ts';
import { labelNames } from '../../src/containers/labels.ts';
import { connectDocker } from '../../devbox/docker-connection.ts';
import { DockerScope, testDockerHost } from '../support/docker.ts';

const scope = new DockerScope();

test("what a killed run's runbooks left goes before the volumes of its tests that it hangs on", async () => {
  const docker = connectDocker(testDockerHost());
  const volume = scope.name('volume');
  await docker.createVolume({ Name: volume, Labels: { ...scope.labels } });
  const helper = await docker.createContainer({
    name: scope.name('helper'), Image: await scope.image('redis:8'), Cmd: ['true'], Volumes: { '/anonymous': {} },
    Labels: { [labelNames.kind]: scope.id }, HostConfig: { Mounts: [{ Type: 'volume', Source: volume, Target: '/data' }], NetworkMode: 'none' },
  });

  // By the test's label alone the volume cannot be removed: that ended a whole run before its first test.
  const ofTests = { label: 'dev.holdfast.test', value: scope.id };
  await expect(removeLeftovers(testDockerHost(), [ofTests])).rejects.toThrow('volume is in use');
  expect(await removeLeftovers(testDockerHost(), [ofTests, { label: labelNames.kind, value: scope.id }])).toBeGreaterThanOrEqual(2);
  await expect(helper.inspect()).rejects.toThrow('No such container');
  expect(await findLeftovers(testDockerHost(), scope.id)).toEqual([]);
});
