/** What a server's settings lack for its log to be kept, in lines: the exact statements, and why each. Pure. */
import type { ServerSettingsPlan } from '../../domain/wal/server-settings.ts';

export function settingsLines({ component, container, changes, byHand, pendingRestart, notes, offers = [] }: ServerSettingsPlan): readonly string[] {
  const needed = [...changes.filter(({ effect }) => effect === 'restart').map(({ name }) => name), ...pendingRestart];
  const nothing = changes.length + byHand.length + pendingRestart.length + notes.length === 0;
  return [
    `${component} in container ${container}${nothing ? ': in order' : ''}`,
    ...changes.flatMap(({ statement, why, effect }) => [`  ${statement}${effect === 'restart' ? '      -- needs a restart' : ''}`, `      ${why}`]),
    ...byHand.flatMap(({ what, why }) => [...what.split('\n').map((line, index) => (index === 0 ? `  by hand: ${line}` : `      | ${line}`)), `      ${why}`]),
    ...notes.map((note) => `  ${note}`),
    ...offers.map((offer) => `  ${offer}`),
    ...(needed.length === 0 ? [] : [`  A restart of ${container} is needed for ${needed.join(', ')}: each session on it ends, and it is away for some seconds.`]),
  ];
}
