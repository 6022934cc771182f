import type { Command } from 'commander';
import { act, verb } from '../../verb.ts';

export function doctorCommand(): Command {
  return verb('doctor', 'Check everything a backup and a restore will need, and say what to do about what is wrong. Changes nothing.', ['doctor', 'doctor --json'])
    .action(act(async (context) => (await import('../../doctor/doctor.ts')).doctor(context)));
}
