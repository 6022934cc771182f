import type Docker from 'dockerode';
import { followProgress } from '../engine-progress.ts';

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
    const silent = new Promise<{ failure: string }>((resolve) => {
      abort.signal.addEventListener('abort', () => resolve({ failure: 'the registry fell silent' }));
    });
    const pulled = followProgress(docker, progress, () => {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(), 4 * silenceMs);
    });
    return (await Promise.race([pulled, silent])).failure;
  } catch (error) {
    return abort.signal.aborted ? 'no registry answered' : (error as Error).message;
  } finally {
    clearTimeout(timer);
  }
}
