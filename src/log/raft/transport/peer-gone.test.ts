import { expect, test } from 'vitest';
import { systemShellClock } from '../shell-ports.ts';
import { connect, start, type Peer } from './testing/peers.ts';

/** Waits between calls that no test lasts for. */
const SELDOM = { bounds: { backoffMsMin: 60_000, backoffMsMax: 60_000 } };

/** Two nodes that are connected both ways; `gone` is what the first was told of the second. */
async function couple(): Promise<{ readonly a: Peer; readonly b: Peer; readonly gone: string[] }> {
  const gone: string[] = [];
  const a = await start('a', {}, { onGone: (peerId) => void gone.push(peerId) });
  const b = await start('b');
  connect(a, b, 'b');
  connect(b, a, 'a');
  await Promise.all([a.reached, b.reached]);
  return { a, b, gone };
}

/** An address that nobody listens at. */
async function nobody(): Promise<string> {
  const { transport } = await start('nobody');
  const { address } = transport;
  await transport.close();
  return address;
}

test('a peer is gone when its connections ended and nobody listens where it was', async () => {
  const { b, gone } = await couple();
  await b.transport.close();
  await expect.poll(() => gone[0]).toBe('b');
});

test('a peer that still calls is not gone, whatever its address says', async () => {
  const { a, b, gone } = await couple();
  a.transport.setPeers(new Map([['b', await nobody()]]));
  b.transport.dropIncoming('a');
  await expect.poll(() => a.warnings.join()).toContain('ECONNREFUSED');
  expect(gone).toEqual([]);
});

test('a peer that was never there is gone, too', async () => {
  const gone: string[] = [];
  const a = await start('a', {}, { onGone: (peerId) => void gone.push(peerId) });
  a.transport.setPeers(new Map([['b', await nobody()]]));
  await expect.poll(() => gone[0]).toBe('b');
});

test('a peer that calls is called back at once', async () => {
  const a = await start('a', SELDOM);
  const listenAddress = await nobody();
  a.transport.setPeers(new Map([['b', listenAddress]]));
  await expect.poll(() => a.warnings.join()).toContain('ECONNREFUSED');
  const b = await start('b', { listenAddress });
  connect(b, a, 'a');
  expect(await a.reached).toBe('b');
});

test('a peer whose lasting connection broke is called again at once', async () => {
  let nowMs = 0;
  const clock = { ...systemShellClock, monotonicMs: () => nowMs };
  const reached: string[] = [];
  const a = await start('a', { ...SELDOM, clock }, { onReachable: (id) => void reached.push(id) });
  const b = await start('b');
  connect(a, b, 'b');
  await expect.poll(() => reached).toEqual(['b']);
  nowMs = 1_000;
  b.transport.dropIncoming('a');
  await expect.poll(() => reached).toEqual(['b', 'b']);
});
