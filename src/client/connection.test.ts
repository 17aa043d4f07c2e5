import { createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { Connection } from './connection.ts';
import { ServerAddresses } from './server-addresses.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const closers: (() => unknown)[] = [];

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const close of closers.splice(0)) await close();
});

/** A server that takes channels, and never says a word on them. */
async function silentServer(): Promise<{ readonly url: string; readonly sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', (head) => {
      const key = /sec-websocket-key: (\S+)/i.exec(head.toString())?.[1] ?? '';
      const accept = createHash('sha1')
        .update(key + GUID)
        .digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      socket.resume();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return { url: `http://127.0.0.1:${port}`, sockets };
}

interface Opened {
  readonly connection: Connection;
  /** Resolves with the next loss of the connection. */
  readonly lost: () => Promise<string>;
  readonly opened: () => Promise<void>;
}

function connect(urls: string): Opened {
  let lost = Promise.withResolvers<string>();
  let opened = Promise.withResolvers<void>();
  const connection = new Connection({
    addresses: new ServerAddresses(urls),
    path: '/clients/connect',
    opened: () => opened.resolve(),
    frame: () => undefined,
    lost: (reason) => lost.resolve(reason),
  });
  closers.push(() => connection.close());
  return {
    connection,
    lost: async () => {
      const reason = await lost.promise;
      lost = Promise.withResolvers();
      return reason;
    },
    opened: async () => {
      await opened.promise;
      opened = Promise.withResolvers();
    },
  };
}

/** Delays that a connection asked for before it called again. */
function watchDelays(): number[] {
  const delays: number[] = [];
  const real = globalThis.setTimeout;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((callback: () => void, ms?: number) => {
    if (String(callback).includes('#connect')) delays.push(ms ?? 0);
    return real(callback, Math.min(ms ?? 0, 5));
  }) as typeof setTimeout);
  return delays;
}

test('the other addresses are tried at once, and waits grow only when none was any good', async () => {
  const { sockets, url } = await silentServer();
  const delays = watchDelays();
  const { lost, opened } = connect(`${url},http://127.0.0.1:1,http://127.0.0.1:2`);
  await opened();
  sockets[0]?.destroy();
  for (let n = 0; n < 3; n++) await lost();
  await opened();
  expect(delays.length).toBe(3);
  expect(delays[0]).toBeLessThanOrEqual(10);
  expect(delays[1]).toBeLessThanOrEqual(10);
  expect(delays[2]).toBeGreaterThanOrEqual(25);
  sockets[1]?.destroy();
  for (let n = 0; n < 3; n++) await lost();
  await opened();
  expect(delays[5]).toBeGreaterThanOrEqual(50);
});

test('a server that does not even answer pings is left', async () => {
  const { url } = await silentServer();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { lost, opened } = connect(url);
  await opened();
  vi.advanceTimersByTime(6_000);
  vi.advanceTimersByTime(2_000);
  expect(await lost()).toBe('the connection was lost');
});
