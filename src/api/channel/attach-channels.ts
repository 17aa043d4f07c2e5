import { WebSocketServer, type WebSocket } from 'ws';
import { MESSAGE_BYTES_MAX, type Problem } from '../../contract/index.ts';
import { systemClock, type Clock, type Runtime } from '../../runtime/index.ts';
import type { UpgradeHandler } from '../upgrades.ts';
import { AgentChannel } from './agent-channel.ts';
import { ClientChannel } from './client-channel.ts';
import { ReadTurns } from './read-turns.ts';

export interface ChannelsOptions {
  /** Where upgrade requests of a path are handed over; who may ask was checked before. */
  readonly onUpgrade: (path: string, handler: UpgradeHandler) => void;
  readonly runtime: Runtime;
  readonly payloadBytesMax: number;
  readonly problemOf: (error: unknown) => Problem;
  readonly clock?: Clock;
  /** Told of every channel that opens; what it returns is called when that one closed. */
  readonly connected?: () => () => void;
}

interface Channel {
  close(): void;
}

/** Channels at once; past it a connection is refused with 503. */
export const CHANNELS_MAX = 10_000;

/** How often a channel's other end is asked whether it is still there, in milliseconds. */
const PING_MS = 10_000;

/** All channels that are open. */
export interface Channels {
  /** Ends those there are; others may come. */
  endAll(): void;
  /** Ends all, for good. */
  close(): void;
}

/** Serves `/agents/connect` and `/clients/connect`. */
export function attachChannels(options: ChannelsOptions): Channels {
  const { clock = systemClock, payloadBytesMax, problemOf, runtime } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
  });
  const open = new Map<WebSocket, Channel>();
  const turns = new ReadTurns({
    clock,
    rate: () => runtime.admission.readRate,
    soon: (callback) => void setImmediate(callback),
  });
  const serve = (kind: 'agent' | 'client', make: (socket: WebSocket) => Channel): void => {
    options.onUpgrade(`/${kind}s/connect`, (request, stream, head) => {
      if (open.size >= CHANNELS_MAX || !runtime.ready) {
        stream.end(
          'HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
        );
        return;
      }
      sockets.handleUpgrade(request, stream, head, (socket) => {
        open.set(socket, make(socket));
        const left = options.connected?.();
        const pings = setInterval(() => socket.ping(), PING_MS);
        socket.once('close', () => {
          clearInterval(pings);
          open.delete(socket);
          left?.();
        });
      });
    });
  };
  serve(
    'agent',
    (socket) =>
      new AgentChannel({
        runtime,
        socket,
        resultBytesMax: payloadBytesMax,
        clock,
        problemOf,
      }),
  );
  serve(
    'client',
    (socket) => new ClientChannel({ runtime, socket, clock, payloadBytesMax, turns, problemOf }),
  );
  runtime.admission.countResting(() => turns.waiting);
  const endAll = (): void => {
    for (const channel of open.values()) channel.close();
  };
  return {
    endAll,
    close: () => {
      endAll();
      sockets.close();
    },
  };
}
