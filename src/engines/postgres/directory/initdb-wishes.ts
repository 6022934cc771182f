/** What somebody who made a container asked initdb for (`POSTGRES_INITDB_ARGS`), as far as it is not the shape of a database, which the backup knows. Pure. */

export interface InitdbWishes {
  /** How those are let in who come by the socket, and from the container itself. */
  readonly authLocal: string;
  readonly authHost: string;
  readonly flags: readonly string[];
}

const flagLike = /^(--data-checksums|-k|--no-data-checksums|--allow-group-access|-g|--wal-segsize=\d+)$/;

/** Anything else is left out. A method that is none we can read closes the door rather than opening it. */
export function initdbWishes(text: string): InitdbWishes {
  const words = text.split(/\s+/).filter((word) => word !== '').map((word) => word.replaceAll(/['"]/g, ''));
  const auth = (...names: readonly string[]): string | undefined => {
    const found = words.flatMap((word, place) => names.flatMap((name) => (word.startsWith(`${name}=`) ? [word.slice(name.length + 1)] : word === name ? [words[place + 1] ?? ''] : []))).at(-1);
    return found === undefined || /^[a-z0-9-]+$/.test(found) ? found : 'scram-sha-256';
  };
  const both = auth('--auth', '-A') ?? 'trust';
  return { authLocal: auth('--auth-local') ?? both, authHost: auth('--auth-host') ?? both, flags: words.filter((word) => flagLike.test(word)) };
}
