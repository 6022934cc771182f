import type Docker from 'dockerode';

const silenceMs = 15_000;

/**
 * Pulls an image; returns undefined on success and the reason otherwise. A registry that says nothing for a while
 * counts as a refusal: behind a firewall that drops packets nobody answers at all.
 */
export async function pullImage(docker: Docker, tag: string): Promise<string | undefined> {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), silenceMs);
  try {
    const progress = await docker.pull(tag, { abortSignal: abort.signal });
    return await new Promise((resolve) => {
      docker.modem.followProgress(
        progress,
        (error) => resolve(error?.message),
        () => {
          clearTimeout(timer);
          timer = setTimeout(() => {
            abort.abort();
            resolve('the registry fell silent');
          }, 4 * silenceMs);
        },
      );
    });
  } catch (error) {
    return abort.signal.aborted ? 'no registry answered' : (error as Error).message;
  } finally {
    clearTimeout(timer);
  }
}
