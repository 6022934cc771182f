import type Docker from 'dockerode';

/** What an engine says on the way of a pull, a build or an import. */
interface ProgressEvent {
  stream?: string;
  status?: string;
  error?: string;
}

/**
 * Reads an engine's progress to its end. The engine answers 200 first and reports a failure as one of the events, so
 * the events are looked at and not only the stream's own error. `text` is the end of what was said.
 */
export function followProgress(
  docker: Docker,
  progress: NodeJS.ReadableStream,
  onEvent: () => void = () => {},
): Promise<{ text: string; failure: string | undefined }> {
  let text = '';
  let failure: string | undefined;
  return new Promise((resolve) => {
    docker.modem.followProgress(
      progress,
      (error) => resolve({ text, failure: failure ?? error?.message }),
      (event: ProgressEvent) => {
        onEvent();
        text = (text + (event.stream ?? '').replace(/\x1b\[\d*m/g, '')).slice(-8_000);
        failure ??= event.error;
      },
    );
  });
}
