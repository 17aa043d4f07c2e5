import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { ClusterDoor, Leader } from './cluster/cluster-door.ts';
import { FORWARDED_HEADER } from './cluster/forward-request.ts';
import { Upgrades } from './upgrades.ts';

const ANYBODY = { loopbackOnly: true, allowedHosts: new Set<string>() };
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\n\r\n';
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A node whose channels say who took them, and echo. */
async function node(
  name: string,
  leaders: Leader[] | null,
): Promise<{ url: string; upgrades: Upgrades }> {
  const server: Server = createServer();
  const door = {
    nodeId: name,
    isLeading: false,
    leader: () => Promise.resolve(leaders === null ? null : (leaders.shift() ?? null)),
  } as unknown as ClusterDoor;
  const upgrades = new Upgrades(server, ANYBODY, leaders === null ? null : door);
  upgrades.add('/channel', (request, socket) => {
    socket.write(
      `${SWITCHED}${name} for ${String(request.headers[FORWARDED_HEADER] ?? 'itself')};`,
    );
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    upgrades.close();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, upgrades };
}

/** Asks for a channel; `heard` resolves once so much came, or the connection closed. */
function call(
  url: string,
  extra = '',
): { socket: Socket; readonly heard: (text: string) => Promise<string> } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  closers.push(() => socket.destroy());
  let text = '';
  const look = Promise.withResolvers<void>();
  let changed = look;
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    changed.resolve();
  });
  socket.once('close', () => changed.resolve());
  socket.write(
    `GET /channel HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${extra}\r\n`,
  );
  return {
    socket,
    heard: async (expected) => {
      while (!text.includes(expected) && !socket.destroyed) {
        await changed.promise;
        changed = Promise.withResolvers();
      }
      return text;
    },
  };
}

test('a channel goes on to whoever leads once the node that led is gone', async () => {
  const leader = await node('n2', null);
  // Nobody listens at the first two any more, and one refuses, for it does not lead yet.
  const refusing = await node('n3', [{ url: 'http://127.0.0.1:1' }]);
  const dead = { url: 'http://127.0.0.1:1' };
  const follower = await node('n1', [dead, dead, { url: refusing.url }, { url: leader.url }]);
  const { heard, socket } = call(follower.url);
  expect(await heard('n2')).toBe(`${SWITCHED}n2 for n1;`);
  socket.write('over and over');
  expect(await heard('over and over')).toContain('n2 for n1;over and over');
});

test('a channel that waits is taken here where this node leads next', async () => {
  const { url } = await node('n1', [{ url: 'http://127.0.0.1:1' }, 'self']);
  expect(await call(url).heard('n1')).toBe(`${SWITCHED}n1 for itself;`);
});

test('a channel that was handed on goes no further', async () => {
  const { url } = await node('n1', ['self']);
  const handedOn = call(url, `${FORWARDED_HEADER}: n2\r\n`);
  expect(await handedOn.heard('503')).toContain('503');
});

test('a channel is refused where nobody leads, and cut with the tunnels', async () => {
  const alone = await node('n1', []);
  expect(await call(alone.url).heard('503')).toContain('503');
  const leader = await node('n2', null);
  const follower = await node('n3', [{ url: leader.url }]);
  const { heard } = call(follower.url);
  await heard('n2');
  follower.upgrades.endTunnels();
  expect(await heard('never said')).toContain('n2 for n3;');
});
