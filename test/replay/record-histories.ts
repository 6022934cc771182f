/**
 * Records one history per runbook and outcome into test/replay/histories, from real runs on real containers.
 * Run it when a shape is new: `node_modules/.bin/node test/replay/record-histories.ts v2` with the test environment exported (`npm run devbox -- up`).
 */
import { recordBackups, recordFailures, recordHeldLease } from './record-backups.ts';
import { recordClones } from './record-clones.ts';
import { recordDrills } from './record-drills.ts';
import { recordHolds } from './record-holds.ts';
import { recordImports } from './record-imports.ts';
import { recordInstants } from './record-instants.ts';
import { recordMarks } from './record-marks.ts';
import { recordMoments } from './record-moments.ts';
import { recordPrunes } from './record-prunes.ts';
import { startRecorder } from './recorder.ts';
import { recordRefusals, recordRepairs, recordRestores, recordWaysBack } from './record-restores.ts';
import { recordTables, recordTablesOfMoment } from './record-tables.ts';
import { recordWaits } from './record-waits.ts';
import { recordSettings, recordWatches } from './record-watches.ts';
import { requiredShapes } from './required-shapes.ts';

const recorder = await startRecorder(process.argv[2] ?? 'v1');
try {
  const { service } = recorder;
  await service.sql(`CREATE TABLE state (word text CHECK (length(word) > 0)); INSERT INTO state VALUES ('saved')`);
  await service.redisCli('SET', 'state', 'saved');
  const backup = await recordBackups(recorder);
  await recordHeldLease(recorder);
  await recordWaits(recorder, backup);
  await recordDrills(recorder);
  await recordHolds(recorder, backup);
  await recordImports(recorder);
  await recordRefusals(recorder, backup);
  await recordRestores(recorder, backup);
  await recordWaysBack(recorder);
  await recordRepairs(recorder, backup);
  await recordMarks(recorder);
  await recordMoments(recorder);
  await recordClones(recorder);
  await recordInstants(recorder);
  await recordTables(recorder);
  await recordTablesOfMoment(recorder);
  await recordFailures(recorder);
  await recordWatches(recorder);
  await recordSettings(recorder);
  await recordPrunes(recorder);
  const missing = requiredShapes.filter((shape) => !recorder.shapes().includes(shape));
  if (missing.length > 0) throw new Error(`nothing was recorded of ${missing.join(', ')}`);
} finally {
  await recorder.stop();
}
process.exit(0);
