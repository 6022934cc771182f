import Docker from 'dockerode';

/** A client of the engine at `unix:///path` or `tcp://host:port`. */
export function connectDocker(dockerHost: string): Docker {
  if (dockerHost.startsWith('unix://')) return new Docker({ socketPath: dockerHost.slice('unix://'.length) });
  const url = new URL(dockerHost.replace(/^tcp:/, 'http:'));
  return new Docker({ protocol: 'http', host: url.hostname, port: Number(url.port || 2375) });
}

/** The engine's version, without a distribution's suffix, when it answers within `waitMs`, else undefined. */
export async function engineVersion(dockerHost: string, waitMs = 3_000): Promise<string | undefined> {
  const answer = await askEngine(dockerHost, waitMs);
  return answer === 'forbidden' ? undefined : answer?.version;
}

/** Whether an engine answers; `forbidden` where there is one that this user may not speak to, which is another thing than none. */
export async function askEngine(dockerHost: string, waitMs = 3_000): Promise<{ version: string } | 'forbidden' | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), waitMs);
  });
  try {
    return await Promise.race([connectDocker(dockerHost).version().then((it) => ({ version: it.Version.replace(/[+~].*/, '') })), silence]);
  } catch (error) {
    return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '') ? 'forbidden' : undefined;
  } finally {
    clearTimeout(timer);
  }
}
