/** Files of an archive handed to a server that recovers, whatever it asks for next: each the right one, whole, and what is wrong never taken for the end. */
import { expect, test } from 'vitest';
import { recoveryFiles, walkScripts } from '../../../../src/engines/postgres/server/script-text.ts';
import { useDocker } from '../../../support/docker.ts';
import { smallVolume } from '../small-volume.ts';

const docker = useDocker();
const count = 14;
const [damaged, missing] = [5, 7];

/** Segments of noise, every second one compressed; of one the list has another sum, and one is not there. */
const layOut = `set -eu
mkdir -p /recovery/data /archive /truth
chown postgres /recovery /recovery/data
for n in $(seq ${count}); do
  name=$(printf '00000001%016X' "$n")
  head -c 300000 /dev/urandom >/truth/$name
  sum=$(sha256sum </truth/$name)
  path=$name
  if [ $((n % 2)) = 0 ]; then path=$name.zst; zstd -q -c /truth/$name >/archive/$path; else cp /truth/$name /archive/$path; fi
  [ $n != ${damaged} ] || sum=$(echo other | sha256sum)
  [ $n != ${missing} ] || rm /archive/$path
  echo "$name 300000 \${sum%% *} $path" >>/recovery/segments.list
done
chown postgres /recovery/segments.list
exec sh /recovery/serve-segments.sh /recovery /archive`;

/** As the server's own user asks, and what it got: the exit code, whether it is the right file, and what was said. */
const ask = `gosu postgres sh /recovery/fetch-segment.sh /recovery "$1" /recovery/data/RECOVERYXLOG 2>/tmp/words
code=$?
cmp -s /recovery/data/RECOVERYXLOG /truth/$1 && same=same || same=other
rm -f /recovery/data/RECOVERYXLOG
echo "$code $same $(cat /tmp/words)"`;

/**
 * As fast as they can be asked for, and so faster than who delivers hears of each: forth, the last one again (as at the end of a recovery), back, and from further on.
 * Prints what went wrong.
 */
const hurry = `set -u
for n in $(seq 60); do printf '%024X %s\n' "$n" "$n"; done >/tmp/order
walk() { sed -n "$1,$2p" /tmp/order | while read -r name n; do
  sh /recovery/fetch-segment.sh /recovery "$name" /recovery/data/RECOVERYXLOG || echo "$n: $?"
  [ "$(cat /recovery/data/RECOVERYXLOG)" = "$n" ] || echo "$n: other"
  rm -f /recovery/data/RECOVERYXLOG
done; }
for round in 1 2 3; do walk 1 25; walk 25 25; walk 25 25; walk 10 20; walk 20 20; walk 40 60; walk 60 60; walk 59 60; done`;

const layOutSmall = `set -eu
mkdir -p /recovery/data /archive
chown postgres /recovery /recovery/data
for n in $(seq 60); do
  name=$(printf '%024X' "$n")
  echo "$n" >/archive/$name
  sum=$(sha256sum </archive/$name)
  echo "$name $(wc -c </archive/$name) \${sum%% *} $name" >>/recovery/segments.list
done
chown postgres /recovery/segments.list
exec sh /recovery/serve-segments.sh /recovery /archive`;

test('asked for faster than is heard of, the last one again, back, and from further on', async () => {
  const { runtime } = docker;
  const id = await docker.run({ imageId: await docker.image('postgres:17'), entrypoint: ['sleep'], command: ['600'], user: '0:0', init: true });
  const exec = async (argv: readonly string[], stdin?: string): Promise<string> => {
    const result = await runtime.exec(id, { argv, timeoutMs: 100_000, ...(stdin === undefined ? {} : { stdin }) });
    return `${result.stdout}${result.stderr}`.trim();
  };
  for (const [name, text] of Object.entries({ ...recoveryFiles, 'lay-out.sh': layOutSmall, 'hurry.sh': hurry })) await exec(['sh', '-c', 'mkdir -p /recovery && cat >"/recovery/$1" && chmod 644 "/recovery/$1"', 'put', name], text);
  await exec(['sh', '-c', 'sh /recovery/lay-out.sh >/dev/null 2>&1 & until [ -s /recovery/ahead/serving ]; do sleep 0.05; done']);
  expect(await exec(['gosu', 'postgres', 'timeout', '90', 'sh', '/recovery/hurry.sh'])).toBe('');
}, 120_000);

test('in order, again, from further on, and what is damaged, missing or unknown', async () => {
  const { runtime } = docker;
  const id = await docker.run({ imageId: await docker.image('postgres:17'), entrypoint: ['sleep'], command: ['600'], user: '0:0', init: true });
  const exec = async (argv: readonly string[], stdin?: string): Promise<string> => {
    const result = await runtime.exec(id, { argv, timeoutMs: 60_000, ...(stdin === undefined ? {} : { stdin }) });
    return result.stdout.trim();
  };
  for (const [name, text] of Object.entries({ ...recoveryFiles, 'lay-out.sh': layOut, 'ask.sh': ask })) await exec(['sh', '-c', 'mkdir -p /recovery && cat >"/recovery/$1" && chmod 644 "/recovery/$1"', 'put', name], text);
  await exec(['sh', '-c', 'sh /recovery/lay-out.sh >/dev/null 2>&1 & until [ -s /recovery/ahead/serving ]; do sleep 0.05; done']);
  const asked = (n: number): Promise<string> => exec(['sh', '/recovery/ask.sh', `00000001${n.toString(16).toUpperCase().padStart(16, '0')}`]);
  const right = async (...numbers: readonly number[]): Promise<void> => {
    for (const n of numbers) expect(`${n}: ${await asked(n)}`).toBe(`${n}: 0 same`);
  };

  await right(1, 2, 3, 4);
  expect(await asked(damaged)).toMatch(/^255 other .*another SHA-256/);
  await right(2, 3, 4, 3, 6, 9, 10, 11, 12);
  expect(await asked(missing)).toMatch(/^255 other .*No such file/);
  expect(await asked(count + 1)).toBe('1 other');
  await right(1, 13, 14, 4);
  // So many are kept ready and no more, and no half of one stays: once nothing has changed for a second.
  const ready = (await exec(['sh', '-c', 'before=; until now=$(ls -A /recovery/ahead) && [ "$now" = "$before" ]; do before=$now; sleep 1; done; echo "$now"'])).split('\n');
  expect(ready.filter((name) => name.startsWith('0')).length).toBeLessThanOrEqual(9);
  expect(ready.filter((name) => name.startsWith('.'))).toEqual(['.full', '.wanted']);
}, 120_000);

test('a disk that is full is called so, whoever of the two it has no room for', async () => {
  const { runtime } = docker;
  const name = docker.name('small');
  await docker.engineCall('POST', '/volumes/create', { Name: name, Labels: docker.labels, Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=2m' } });
  const id = await docker.run({ imageId: await docker.image('postgres:17'), entrypoint: ['sleep'], command: ['600'], user: '0:0', init: true, mounts: [{ type: 'volume', source: name, target: '/recovery' }] });
  const exec = async (argv: readonly string[], stdin?: string): Promise<string> => {
    const result = await runtime.exec(id, { argv, timeoutMs: 60_000, ...(stdin === undefined ? {} : { stdin }) });
    return `${result.stdout}${result.stderr}`.trim();
  };
  for (const [file, text] of Object.entries({ ...recoveryFiles, 'lay-out.sh': layOut, 'ask.sh': ask })) await exec(['sh', '-c', 'cat >"/recovery/$1" && chmod 644 "/recovery/$1"', 'put', file], text);
  await exec(['sh', '-c', 'sh /recovery/lay-out.sh >/dev/null 2>&1 & until [ -s /recovery/ahead/serving ]; do sleep 0.05; done']);
  const segment = (number: number): string => `00000001${number.toString(16).toUpperCase().padStart(16, '0')}`;
  const full = /^255 other [^]*No space left on device/;
  // Some room, and not for a segment; then none at all, not even to ask.
  await exec(['sh', '-c', 'cat /dev/zero >/recovery/filling; truncate -s -100K /recovery/filling']);
  expect(await exec(['sh', '/recovery/ask.sh', segment(2)])).toMatch(full);
  await exec(['sh', '-c', 'cat /dev/zero >/recovery/filling']);
  expect(await exec(['sh', '/recovery/ask.sh', segment(3)])).toMatch(full);
}, 120_000);

test('a volume that is full before the server is started: it ends and says so, where it would wait for ever', async () => {
  const { runtime } = docker;
  const { name } = await smallVolume(docker, 1);
  const id = await docker.run({ imageId: await docker.image('postgres:17'), entrypoint: ['sleep'], command: ['600'], user: '0:0', init: true, mounts: [{ type: 'volume', source: name, target: '/recovery' }] });
  for (const [file, text] of Object.entries({ ...recoveryFiles, 'walk.sh': walkScripts.runServer, locations: '' })) await runtime.exec(id, { argv: ['sh', '-c', 'cat >"/recovery/$1"', 'put', file], stdin: text, timeoutMs: 60_000 });
  for (const script of ['run-server.sh', 'walk.sh']) {
    const { exitCode, stderr } = await runtime.exec(id, { argv: ['sh', '-c', 'cat /dev/zero >/recovery/filling 2>/dev/null; exec timeout 20 sh "/recovery/$1" /recovery /archive postgres', 'full', script], timeoutMs: 60_000 });
    expect([script, exitCode, stderr]).toEqual([script, 1, expect.stringContaining('No space left on device')]);
  }
}, 120_000);
