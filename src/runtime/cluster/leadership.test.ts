import { expect, test } from 'vitest';
import type { ClusterLog, RoleView } from '../../log/index.ts';
import { systemClock } from '../clock.ts';
import { Leadership } from './leadership.ts';

/** A follower whose leader answers when it is told to. */
function follower() {
  const answer = Promise.withResolvers<Uint8Array>();
  let role: RoleView = { role: 'follower', term: 1, leader: 'n2', isTermReady: false };
  const log = {
    get role() {
      return role;
    },
    forward: () => answer.promise,
  } as unknown as ClusterLog;
  const leadership = new Leadership({ nodeId: 'n1', clock: systemClock, log: () => log });
  const become = (next: Partial<RoleView>): void => {
    role = { ...role, ...next };
    leadership.changed();
  };
  return { answer, become, leadership };
}

test('a leader that says nothing is waited for only until this node leads', async () => {
  const { become, leadership } = follower();
  const known = leadership.leader(60_000);
  become({ role: 'leader', term: 2, leader: 'n1' });
  leadership.term = 2;
  expect(await known).toBe('self');
});

test('a node that begins to lead while it asked another is not missed', async () => {
  const { become, leadership } = follower();
  const known = leadership.leader(60_000);
  // Both in one turn: whoever looks again looks once.
  await Promise.resolve();
  leadership.term = 2;
  become({ role: 'leader', term: 2, leader: 'n1' });
  expect(await known).toBe('self');
});

test('the leader is asked once in a term where its API is', async () => {
  const { answer, leadership } = follower();
  answer.resolve(Buffer.from(JSON.stringify({ url: 'http://n2', nowMs: 1 })));
  expect(await leadership.leader(1_000)).toMatchObject({ nodeId: 'n2', url: 'http://n2' });
  expect(await leadership.leader(0)).toMatchObject({ url: 'http://n2' });
});
