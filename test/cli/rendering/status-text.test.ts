import { describe, expect, it } from 'vitest';
import { serviceLines } from '../../../src/cli/rendering/status-text.ts';

const clock = { timeZone: 'Europe/Berlin', now: '2026-11-23T02:00:00Z' };

describe('serviceLines', () => {
  it('names the ways back, and the records that cannot be read', () => {
    expect(serviceLines({
      name: 'shop', newest: null, total: 0, rollbacks: [{ workflowId: 'holdfast:restore:shop:7f3a0000', operation: 'restore', recordedAt: '2026-11-23T01:30:00Z' }],
      unreadableRollbacks: [{ runId: 'b1', cause: 'it is no document of ours' }],
    }, clock)).toEqual([
      'shop',
      '  no backup yet: holdfast backup',
      expect.stringMatching(/^  rollback copy of \S+ \(restore, Mon 23 Nov 02:30\): holdfast undo \S+ or holdfast accept \S+$/),
      '  the record of a cut-over (run b1) cannot be read: it is no document of ours',
    ]);
  });
});
