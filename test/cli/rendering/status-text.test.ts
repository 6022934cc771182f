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

  it('has a line for each copy, and says where nobody can tell', () => {
    const none = { name: 'shop', newest: null, total: 0, rollbacks: [], unreadableRollbacks: [] };
    const server = { component: 'postgres', container: 'c', state: 'running', address: '127.0.0.1:32771' };
    const copy = { service: 'shop', name: 'looking', point: 'xid:743', madeAt: '2026-11-23T00:00:00Z', finished: true, servers: [server, { ...server, component: 'redis', state: 'exited', address: null }], volumes: ['v'] };
    expect(serviceLines({ ...none, copies: [copy, { ...copy, finished: false }, { ...copy, point: '', madeAt: null, servers: [] }] }, clock).slice(2)).toEqual([
      '  copy looking of xid:743, made 2 h 0 min ago: postgres 127.0.0.1:32771, redis exited',
      '  copy looking of xid:743, made 2 h 0 min ago: being made, or left unfinished',
      '  copy looking: its containers are gone, 1 volume left',
    ]);
    expect(serviceLines({ ...none, copies: null }, clock).slice(2)).toEqual(['  whether there are copies is not known: the Docker engine does not answer']);
    expect(serviceLines(none, clock)).toHaveLength(2);
  });
});
