/** Looking at a disk or share that may be away: what cannot be looked at is not absent, and another attempt is made. */
import { HoldfastFailure } from '../domain/failures.ts';
import { helperExitCodes } from './helper-prelude.ts';

/** Functions for scripts of helpers; `[ -e … ]` calls everything absent that it may not, or cannot, look at. Not for a subshell whose exit code nobody sees. */
export const isThereFunctions = String.raw`
# is_there PATH: whether anything lies there, a link that leads nowhere, too. Where that cannot be told the script ends.
is_there() {
  if [ -e "$1" ] || [ -L "$1" ]; then return 0; fi
  words=$(LC_ALL=C ls -d -- "$1" 2>&1) && return 0
  case $words in *'No such file or directory'* | *'Not a directory'*) return 1 ;; esac
  away "it cannot be told what is there: $words"
}

# away TEXT: ends the script, for another attempt. To where messages go, also from within a substitution.
away() { fail ${helperExitCodes.away} "$@" >&2; }
`;

/** Of a disk or share that a helper works on: the step is tried again. */
export const awayFailure = (operation: string, object: string, cause: string): HoldfastFailure =>
  new HoldfastFailure('HelperLost', { operation, object, cause, hint: 'The step is tried again; if it happens each time, look at the disk or share that is named.' });
