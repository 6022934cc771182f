/** How much of a service would be lost now: from what the worker of this machine writes down, and where no log is kept from the newest backup's age. */
import type { Config } from '../../config/config.ts';
import { defaultObjectives } from '../../domain/drill/objectives.ts';
import { promisesLoss } from '../../domain/drill/promised-loss.ts';
import type { ServiceDefinition } from '../../domain/service.ts';
import { notKnown, wrong, type StatusFinding } from '../../domain/status/finding.ts';
import { judgeLog, judgeUnlogged } from '../../domain/status/judge-exposure.ts';
import { figuresAt, type PlaceExposure } from '../../domain/wal/log-status.ts';
import { durationText } from '../../domain/wording.ts';
import { stateDirectory } from '../../worker/local/state-directory.ts';
import { readAofStatus, readLogStatus } from '../../worker/standing-file.ts';
import { standingOf } from '../../worker/wal/standing-of.ts';
import type { CommandContext } from '../command-context.ts';
import { judgeAof } from '../rendering/aof-text.ts';

export interface Exposure {
  readonly lines: readonly string[];
  readonly findings: readonly StatusFinding[];
  readonly logs: readonly object[];
}

export async function readExposure(context: CommandContext, config: Config, service: ServiceDefinition, newestAt: string | null, nowMs: number): Promise<Exposure> {
  const rpoMs = (service.objectives ?? defaultObjectives).rpo;
  const [lines, findings, logs]: [string[], StatusFinding[], object[]] = [[], [], []];
  for (const component of service.components) {
    const { name } = component;
    if (component.engine === 'postgres' && component.wal !== undefined) {
      const status = figuresAt(await readLogStatus(stateDirectory(context.environment), service.name, name), nowMs);
      const standing = await standingOf(config, status);
      findings.push(...judgeLog({ component: name, status, baseMissing: standing?.cause?.reason ?? null }, rpoMs, nowMs));
      lines.push(`${name}: ${status === null ? 'not known' : [placeText('this host', status.onHost), ...status.repositories.map((place) => placeText(place.name, place))].join(', ')}`);
      logs.push({ component: name, status, base: standing?.base?.backupId ?? null });
    } else if (component.engine === 'redis' && component.aof !== undefined) {
      const status = await readAofStatus(stateDirectory(context.environment), service.name, name);
      const judged = judgeAof(status, nowMs, { walExposureMs: rpoMs });
      if (judged.verdict !== 'ok') findings.push((judged.verdict === 'FAIL' ? wrong : notKnown)('exposed', `${name}: ${judged.sentence}`, 'holdfast wal status'));
      lines.push(`${name}: ${judged.sentence}`);
      logs.push({ component: name, status });
    } else {
      if (promisesLoss(service, component)) findings.push(...judgeUnlogged(name, newestAt, rpoMs, nowMs));
      lines.push(`${name}: no log is kept; ${newestAt === null ? 'everything would be lost' : `what was written in the last ${durationText(Math.max(0, nowMs - Date.parse(newestAt)))} would be lost`}`);
    }
  }
  return { lines, findings, logs };
}

function placeText(place: string, { durable, exposureMs }: PlaceExposure): string {
  if (durable === null) return `${place} has nothing yet`;
  if (exposureMs === null) return `what ${place} lacks is not known`;
  return `${place} lacks ${exposureMs === 0 ? 'nothing' : `the last ${durationText(exposureMs)}`}`;
}
