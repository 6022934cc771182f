/** Two at once verify an unpacked base backup, each leaving out what the other hashes: whatever is wrong with whichever file, one of them says so. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useDocker } from '../../support/docker.ts';

const docker = useDocker();
const unpackBase = readFileSync(new URL('../../../src/engines/postgres/scripts/unpack-base.sh', import.meta.url), 'utf8');

const makeBase = `set -e
mkdir -p /tmp/work && chown postgres /tmp/work && chmod 755 /tmp/work && cd /tmp/work
PATH=/usr/lib/postgresql/$PG_MAJOR/bin:$PATH
gosu postgres initdb --no-sync -D /tmp/work/live >/dev/null
gosu postgres postgres -D /tmp/work/live -c fsync=off -c listen_addresses= -c unix_socket_directories=/tmp/work >/dev/null 2>&1 &
until gosu postgres psql -h /tmp/work -Atc 'SELECT 1' postgres >/dev/null 2>&1; do sleep 0.1; done
gosu postgres psql -h /tmp/work -qc 'CREATE TABLE "large" AS SELECT g, md5(g::text) FROM generate_series(1, 200000) g' postgres
gosu postgres pg_basebackup -h /tmp/work -D /tmp/work/base -X stream --checkpoint=fast --manifest-checksums=SHA256 --no-sync`;

/** Prints what verifying said of the copy as it is, then of one with each fault. */
const verify = `set -u
work=/tmp/work said=/tmp/work out=/tmp/work
PATH=/usr/lib/postgresql/$PG_MAJOR/bin:$PATH
run_as() { user=$1; shift; gosu "$user" "$@"; }
fail_step() { exit 99; }
${unpackBase}
judge() { name=$1; shift; if verify_files /tmp/work/base "$@"; then echo "$name: sound"; else echo "$name: $(sed -n 's/^pg_verifybackup: error: //p' /tmp/work/verify.err | head -n 1)"; fi; }
judge untouched
sed -n 's/^--ignore=//p' /tmp/work/verify.first /tmp/work/verify.second | sort >/tmp/work/divided
sed -n 's/.*Path": "\\([^"]*\\)".*/\\1/p' /tmp/work/base/backup_manifest | sort | cmp -s - /tmp/work/divided && echo 'each file is left out once'
{ seq -f '--ignore=nowhere/%0100g' 3000; cat /tmp/work/verify.first; } >/tmp/work/verify.long
verify_but /tmp/work/verify.long /tmp/work/base --no-parse-wal && echo 'too long for one call: sound'
for half in first second; do
  file=/tmp/work/base/$(sed -n '1 s/^--ignore=//p' /tmp/work/verify.$half)
  cp -p "$file" /tmp/work/kept
  printf '\\377' | dd of="$file" bs=1 seek=1 conv=notrunc 2>/dev/null
  judge "flipped in the $half" | sed "s|\\"[^\\"]*\\"|FILE|"
  rm "$file"
  judge "missing from the $half" | sed "s|\\"[^\\"]*\\"|FILE|"
  cp -p /tmp/work/kept "$file"
done
touch /tmp/work/base/base/foreign
judge extra
rm /tmp/work/base/base/foreign
segment=$(ls /tmp/work/base/pg_wal/0000* | head -n 1)
dd if=/dev/zero of="$segment" bs=1M count=15 seek=0 conv=notrunc 2>/dev/null
judge 'log gone' | cut -c 1-24
judge 'log not asked for' --no-parse-wal`;

test('a byte, a file, a stranger, the log', async () => {
  const id = await docker.run({ imageId: await docker.image('postgres:17'), entrypoint: ['sleep'], command: ['600'], user: '0:0', init: true });
  const exec = async (script: string): Promise<readonly string[]> => {
    const { exitCode, stdout, stderr } = await docker.runtime.exec(id, { argv: ['sh', '-s'], stdin: script, timeoutMs: 200_000 });
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    return stdout.trim().split('\n');
  };
  await exec(makeBase);
  expect(await exec(verify)).toEqual([
    'untouched: sound', 'each file is left out once', 'too long for one call: sound',
    'flipped in the first: checksum mismatch for file FILE', 'missing from the first: FILE is present in the manifest but not on disk',
    'flipped in the second: checksum mismatch for file FILE', 'missing from the second: FILE is present in the manifest but not on disk',
    'extra: "base/foreign" is present on disk but not in the manifest', 'log gone: WAL parsing fa', 'log not asked for: sound',
  ]);
}, 300_000);
