/** Writes until it is killed, and prints what was acknowledged to it. `doomed-writer.ts <directory> stream|objects <withoutLinks> <mark>` */
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import { writingFor } from '../../../src/storage/writer-mark.ts';

const [directory = '', mode = '', withoutLinks = '', mark = ''] = process.argv.slice(2);
const storage = createLocalStorage(directory, { withoutLinks: withoutLinks === 'true' });

async function* endless(): AsyncIterable<Uint8Array> {
  for (;;) {
    yield randomBytes(100_000);
    process.stdout.write('chunk\n');
    await pause(1);
  }
}

await writingFor(mark, async () => {
  if (mode === 'stream') await storage.putStream('shop/stream', Readable.from(endless()));
  for (let number = 0; ; number += 1) {
    const name = String(number).padStart(4, '0');
    const bytes = randomBytes(300_000);
    await storage.createExclusive(`shop/${name}`, bytes);
    process.stdout.write(`${name} ${createHash('sha256').update(bytes).digest('hex')}\n`);
  }
});
