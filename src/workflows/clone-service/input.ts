/** Reading the input of `cloneService`, strictly. */
import { checkCopyName, checkPort } from '../../domain/copies/copy-name.ts';
import { checkName } from '../../domain/identifiers.ts';
import { readPointInput } from '../restore-to-point-in-time/input.ts';
import { commonFields, commonInput, onlyFields, optionalFlag, optionalText } from '../shared/input-fields.ts';
import { invalid, readOnly } from '../shared/restore-fields.ts';
import type { CloneServiceInput } from './messages.ts';

const fields = ['name', 'ports'] as const;

/** The same members, each checked; points resolved against the workflow's clock. @throws HoldfastFailure InvalidInput */
export function readCloneInput(raw: Record<string, unknown>): CloneServiceInput {
  const own = ['into', 'since'].find((field) => raw[field] !== undefined);
  if (own !== undefined) throw invalid(own, 'a copy has no such field', 'See docs/runbooks/clone-service.md.');
  const source = raw['backup'] === undefined ? readPointInput(Object.fromEntries(Object.entries(raw).filter(([name]) => !fields.some((field) => field === name)))) : readBackupInput(raw);
  const ports = readPorts(raw['ports'], source.only);
  return { ...source, name: checkCopyName(raw['name']), ...(ports === undefined ? {} : { ports }) };
}

function readBackupInput(raw: Record<string, unknown>): Omit<CloneServiceInput, 'name' | 'ports'> {
  const both = ['to', 'before', 'timeline', 'cluster'].find((field) => raw[field] !== undefined);
  if (both !== undefined) throw invalid(`backup, ${both}`, 'a backup and a moment are named', 'Name one of them.');
  onlyFields(raw, [...commonFields, ...fields, 'backup', 'only', 'dryRun']);
  const backup = optionalText(raw, 'backup') as string;
  const [only, dryRun] = [readOnly(raw['only']), optionalFlag(raw, 'dryRun')];
  return { ...commonInput(raw), backup, ...(only === undefined ? {} : { only }), ...(dryRun === undefined ? {} : { dryRun }) };
}

function readPorts(ports: unknown, only: readonly string[] | undefined): Readonly<Record<string, number>> | undefined {
  if (ports === undefined) return undefined;
  if (typeof ports !== 'object' || ports === null || Array.isArray(ports) || Object.keys(ports).length === 0) throw invalid('ports', 'it is not an object of component names and ports', 'Write it like {"postgres":15432,"redis":16379}.');
  const read = Object.entries(ports).map(([component, port]) => [checkName('component', component), checkPort(port)] as const);
  const beside = read.find(([component]) => only?.includes(component) === false);
  if (beside !== undefined) throw invalid(`ports.${beside[0]}`, 'it is not copied: "only" does not name it', 'Leave it out.');
  if (new Set(read.map(([, port]) => port)).size < read.length) throw invalid('ports', 'two servers cannot have one port', 'Give each its own.');
  return Object.fromEntries(read);
}
