/** Asks an http URL from within a network, with whatever an image has to ask with, until the answer is a good one or the time is over. */
import { HoldfastFailure } from '../domain/failures.ts';
import { runHelper, type HelperRequest } from './helper-container.ts';

/** POSIX sh. Arguments: host, port, path, seconds. The answer is the last status, or why there was none. */
const script = String.raw`host=$1 port=$2 path=$3 seconds=$4
ask() {
  if command -v bash >/dev/null; then
    timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n" "$3" "$1:$2" >&3 && head -n 1 <&3' ask "$host" "$port" "$path" 2>/holdfast/tmp/why | sed -n 's|^HTTP/[0-9.]* \([0-9][0-9]*\).*|\1|p'
  elif command -v wget >/dev/null; then
    if timeout 5 wget -q -O /dev/null "http://$host:$port$path" 2>/holdfast/tmp/why; then echo 200; else sed -n 's|.*HTTP/[0-9.]* \([0-9][0-9]*\).*|\1|p' /holdfast/tmp/why; fi
  else
    fail 69 "the image has nothing to ask with"
  fi
}
deadline=$(($(date +%s) + seconds))
while :; do
  status=$(ask)
  case "$status" in 2??) break ;; esac
  [ "$(date +%s)" -lt "$deadline" ] || break
  sleep 0.5
done
result status "$status"
`;

export interface UrlQuestion extends Pick<HelperRequest, 'identity' | 'imageId' | 'network' | 'signal' | 'aliveIntervalMs'> {
  readonly url: string;
  readonly withinMs: number;
}

/** The last HTTP status, or null where nobody answered. @throws HelperFailed, HelperLost */
export async function askUrl(runtime: Parameters<typeof runHelper>[0], { url, withinMs, ...rest }: UrlQuestion): Promise<number | null> {
  const { hostname, port, pathname, search } = new URL(url);
  const { exitCode, files, messages } = await runHelper(runtime, { ...rest, script, args: [hostname, port === '' ? '80' : port, `${pathname}${search}`, String(Math.max(1, Math.ceil(withinMs / 1_000)))] });
  const status = Number(files.get('status')?.trim() ?? '');
  if (exitCode === 0) return Number.isInteger(status) && status > 0 ? status : null;
  throw new HoldfastFailure('HelperFailed', { operation: 'ask the health URL', object: url, cause: `it ended with ${exitCode}: ${messages.trim().split('\n').at(-1)?.slice(0, 200) ?? ''}`, hint: 'Run the drill again.' });
}
