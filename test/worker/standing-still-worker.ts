/** The product's worker with nothing behind it, in a process that a test can stop. Arguments: address, queue prefix. Says `ready`. */
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { testTiming } from '../../src/domain/timing.ts';
import { createWorkers } from '../../src/worker/create-worker.ts';

const [address = '', queuePrefix = ''] = process.argv.slice(2);
Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await NativeConnection.connect({ address });
const nothing: Partial<ActivityDependencies> = { services: new Map(), timing: testTiming, nowMs: () => Date.now() };
const workers = await createWorkers({ connection, namespace: 'default', queuePrefix, host: 'here', identity: 'standing still' }, nothing as ActivityDependencies);
const running = workers.map((worker) => worker.run());
process.stdout.write('ready\n');
await Promise.all(running);
