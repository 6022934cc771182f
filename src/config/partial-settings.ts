/** How often the newest segment of a log goes to the repository, held against what else the file says. */
import { defaultObjectives } from '../domain/drill/objectives.ts';
import { productionTiming } from '../domain/timing.ts';
import { lackedMs, mostPartialMs, partialBounds } from '../domain/wal/partial-interval.ts';
import type { ConfigProblem } from './config-problem.ts';
import type { ConfigFile, ServiceSettings } from './config-schema.ts';
import { objectivesFrom } from './drill-settings.ts';
import { formatDuration, parseDuration } from './duration.ts';
import type { Locate } from './parse-config.ts';

const milliseconds = (text: string): number => parseDuration(text) ?? 0;
const rpoOf = ({ objectives }: ServiceSettings): number => (objectives === undefined ? defaultObjectives : objectivesFrom(objectives)).rpo;

/** One that is written down where it says nothing, or by which the service could not keep what it promises. */
export function unfitPartials(settings: ConfigFile, locate: Locate): ConfigProblem[] {
  return Object.entries(settings.services).flatMap(([name, service]): ConfigProblem[] => {
    const { wal, walPartial } = service.postgres ?? {};
    if (walPartial === undefined) return [];
    const path = ['services', name, 'postgres', 'walPartial'];
    const problem = (allowed: string): ConfigProblem[] => [{ where: path.join('.'), position: locate.value(path), found: JSON.stringify(walPartial), allowed }];
    if (wal === 'archive') return problem('allowed is nothing with wal: archive: a segment comes whole, when it is full or at the server\'s archive_timeout');
    if (wal === undefined) return problem('allowed is nothing where the log is not kept; wal: stream keeps it');
    const rpoMs = rpoOf(service);
    if (milliseconds(walPartial) <= mostPartialMs(rpoMs)) return [];
    return problem(`with objectives.rpo of ${formatDuration(rpoMs)}${service.objectives === undefined ? ' (the default)' : ''}, allowed is up to ${formatDuration(mostPartialMs(rpoMs))}: what is lost with the host is as old, and storing takes some seconds more`);
  });
}

/** A promise that is not kept all the same: what was valid before there was a choice stays so, and is said. */
export function partialNotices(settings: ConfigFile): readonly string[] {
  return Object.entries(settings.services).flatMap(([name, service]): readonly string[] => {
    const { wal, walPartial } = service.postgres ?? {};
    const [rpoMs, partialMs] = [rpoOf(service), walPartial === undefined ? productionTiming.walPartialMs : milliseconds(walPartial)];
    if (wal !== 'stream' || lackedMs(partialMs) <= rpoMs) return [];
    const more = partialMs > partialBounds.leastMs ? `. More often: postgres: { walPartial: ${formatDuration(mostPartialMs(rpoMs))} }` : ', which is as often as it can';
    return [`services.${name}: objectives.rpo of ${formatDuration(rpoMs)} is not kept off this host: the newest segment of the log goes to the repository every ${formatDuration(partialMs)}${more}`];
  });
}
