// What `npm run demo -- …` understands. Read by the bootstrap before anything is installed, so: Node 20, no packages, no types.
import { parseArgs } from 'node:util';

export const smallestMb = 5;
export const largestMb = 20_000;

export const demoHelp = `npm run demo -- [options]: a small real service, backed up, proven, destroyed, restored, undone and restored again;
then a DELETE without WHERE, found in the log, and everything back to just before that transaction; at last a drill, and its report.

  --size MB   size of its PostgreSQL data, ${smallestMb} to ${largestMb} (default 200)
  --keep      leave service, worker, Temporal and its UI running at the end, to look around
  --clean     remove what --keep left, and what a demo left that was killed
  --help      this text

Everything it makes is called holdfast-demo-…; it uses your Docker engine where there is one, and never your Temporal.
`;

/**
 * Answers the choices, or { problem } with one sentence that says what is wrong.
 * @param {readonly string[]} args
 */
export function readDemoArguments(args) {
  let values;
  try {
    const options = { size: { type: 'string', default: '200' }, keep: { type: 'boolean', default: false }, clean: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } };
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    return { problem: error.message.split('. ')[0] };
  }
  const sizeMb = Number(values.size);
  if (!/^\d+$/.test(values.size) || sizeMb < smallestMb || sizeMb > largestMb) {
    return { problem: `--size ${values.size} is not a whole number of megabytes from ${smallestMb} to ${largestMb}` };
  }
  if (values.keep && values.clean) return { problem: '--keep and --clean contradict each other' };
  return { choices: { sizeMb, keep: values.keep, clean: values.clean, help: values.help } };
}
