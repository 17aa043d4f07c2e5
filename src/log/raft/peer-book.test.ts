import { expect, test } from 'vitest';
import type { Configuration } from '../../consensus/index.ts';
import { PeerBook } from './peer-book.ts';

function configurationOf(
  voters: readonly string[],
  removed: readonly string[] = [],
): Configuration {
  return { voters, votersOutgoing: [], learners: [], learnersNext: [], isAutoLeave: true, removed };
}

const FOUNDERS = configurationOf(['a', 'b', 'c']);
const met = (nodeId: string): { nodeId: string; incarnation: string; address: string } => {
  return { nodeId, incarnation: `${nodeId}-1`, address: `127.0.0.1:${nodeId.charCodeAt(0)}` };
};

function bookOfA(...peers: readonly string[]): PeerBook {
  const known = peers.map((nodeId) => ({ ...met(nodeId), incarnation: null }));
  return new PeerBook('a', known);
}

test('a node calls members, and whoever has called: it may lead by what is yet to come here', () => {
  const book = bookOfA('a', 'b', 'c', 'd');
  book.configure(FOUNDERS, true);
  expect([...book.targets.keys()]).toEqual(['b', 'c']);
  expect(book.refusalOf(met('d'))).toBeNull();
  book.met(met('d'));
  expect([...book.targets.keys()]).toEqual(['b', 'c', 'd']);
});

test('a node that is no member yet calls everyone it knows', () => {
  expect([...bookOfA('b', 'c').targets.keys()]).toEqual(['b', 'c']);
});

test('who leaves is called and heard until that is committed, and never after', () => {
  const book = bookOfA('b', 'c');
  for (const nodeId of ['b', 'c']) book.met(met(nodeId));
  book.configure(FOUNDERS, true);
  const withoutB = configurationOf(['a', 'c'], ['b']);
  book.configure(withoutB, false);
  expect([...book.targets.keys()]).toEqual(['b', 'c']);
  expect(book.refusalOf(met('b'))).toBeNull();
  book.configure(withoutB, true);
  expect([...book.targets.keys()]).toEqual(['c']);
  expect(book.refusalOf(met('b'))).toMatchObject({ code: 'PEER_REMOVED' });
});

test('strangers, and members without the data they had, are refused', () => {
  const book = bookOfA('b', 'c');
  book.configure(FOUNDERS, true);
  book.met(met('b'));
  expect(book.refusalOf(met('x'))).toMatchObject({ code: 'PEER_UNKNOWN' });
  const emptied = { ...met('b'), incarnation: 'b-2' };
  expect(book.refusalOf(emptied)).toMatchObject({ code: 'PEER_LOST_ITS_DATA' });
});
