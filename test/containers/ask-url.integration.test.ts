/** A URL asked from within a network, on the real engine, with what database images have to ask with. */
import { afterEach, expect, test } from 'vitest';
import { askUrl } from '../../src/containers/ask-url.ts';
import { createDrillGuest, drillNetwork, type DrillRun } from '../../src/containers/drill.ts';
import { useDocker } from '../support/docker.ts';

const scope = useDocker();
const { runtime } = scope;
const signal = new AbortController().signal;
const run: DrillRun = { owner: scope.owner(), service: 'test-service' };
afterEach(() => scope.removeAll());

/** Answers what its path says, `/204`, from its second connection on. */
const server = `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 8009, Listen => 5, ReuseAddr => 1) or die; my $n = 0;
while (my $c = $s->accept) { my $line = <$c>; while (<$c>) { last if /^\\r?\\n$/ } $n++; my ($code) = $line =~ m{^GET /(\\d+)\\?x=1 }; print $c "HTTP/1.1 " . ($n > 1 ? $code : 503) . " So\\r\\nContent-Length: 0\\r\\n\\r\\n"; close $c }`;

async function ask(image: string, path: string): Promise<number | null> {
  const imageId = await scope.image(image);
  return askUrl(runtime, { identity: { ...run, component: 'service', step: 'ask' }, imageId, network: await drillNetwork(runtime, run), url: `http://app:8009/${path}`, withinMs: 5_000, signal, aliveIntervalMs: 1_000 });
}

test.each(['redis:8', 'postgres:17'])('%s asks until the answer is a good one, and says the last where there is none', async (image) => {
  const app = await createDrillGuest(runtime, { run, step: 'app', names: ['app'], imageId: await scope.image('postgres:17'), entrypoint: ['perl'], command: ['-e', server], memoryBytes: 64 * 2 ** 20, pids: 16, signal });
  await runtime.start(app.id);
  expect(await ask(image, '200?x=1')).toBe(200);
  expect(await ask(image, '404?x=1')).toBe(404);
  await runtime.kill(app.id);
  expect(await ask(image, '200?x=1')).toBeNull();
});
