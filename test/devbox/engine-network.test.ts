import { expect, test } from 'vitest';
import { engineNetwork } from '../../devbox/engine-network.ts';
import { runtimeDirectory } from '../../devbox/state-directory.ts';

test('the subnet is a private one and stays the same for a state directory', () => {
  const network = engineNetwork(runtimeDirectory('/a'));
  const octet = Number(network.subnet.split('.')[1]);
  expect(network.subnet).toMatch(/^10\.\d+\.0\.0\/16$/);
  expect(octet).toBeGreaterThanOrEqual(128);
  expect(octet).toBeLessThan(224);
  expect(engineNetwork(runtimeDirectory('/a'))).toEqual(network);
});

test('another state directory has another name in the packet filter', () => {
  expect(engineNetwork(runtimeDirectory('/a')).comment).not.toBe(engineNetwork(runtimeDirectory('/b')).comment);
});
