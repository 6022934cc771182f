/** How psql and its like are called beside a server. */

/**
 * Debian's own psql and pg_isready are Perl programs that look for the real ones: 30 ms of a core for each question, half of all that asking costs. The official image has the real ones where its variable
 * says; elsewhere the path leads to them. The shell, which every helper needs too, becomes the program: what is ended is that.
 */
const real = 'PATH="/usr/lib/postgresql/${PG_MAJOR:-none}/bin:$PATH"; exec "$@"';

export const realProgram = (name: string, ...args: readonly string[]): readonly string[] => ['sh', '-c', real, 'holdfast', name, ...args];

/** psql without start-up file and prompt, that ends at the first error and reads its statements from standard input. `format`: how it prints, unaligned rows alone unless given. */
export const psqlArgv = (format: readonly string[] = ['-A', '-t']): readonly string[] => realProgram('psql', '-X', '-q', ...format, '-w', '-v', 'ON_ERROR_STOP=1', '-f', '-');
