import { connect } from 'node:net';

export interface HttpLoad {
  readonly url: string;
  readonly path: string;
  /** JSON. */
  readonly body: string;
  readonly connections: number;
  readonly requests: number;
}

export interface HttpLoadResult {
  readonly seconds: number;
  /** Of every request, in milliseconds, ascending. */
  readonly latencies: Float64Array;
}

/**
 * Sends the same request again and again over kept-alive connections, one at a time on each.
 *
 * Speaks HTTP by hand: a full client costs as much as the server it is to measure.
 *
 * @throws Error when an answer is not 201
 */
export async function httpLoad(load: HttpLoad): Promise<HttpLoadResult> {
  const latencies = new Float64Array(load.requests);
  const shared = { sent: 0, received: 0 };
  const started = performance.now();
  await Promise.all(
    Array.from({ length: load.connections }, () => runConnection(load, shared, latencies)),
  );
  return { seconds: (performance.now() - started) / 1000, latencies: latencies.sort() };
}

function runConnection(
  load: HttpLoad,
  shared: { sent: number; received: number },
  latencies: Float64Array,
): Promise<void> {
  const { hostname, port } = new URL(load.url);
  const request = Buffer.from(
    `POST ${load.path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(load.body)}\r\n\r\n${load.body}`,
  );
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let text = '';
    let sentAt = 0;
    const next = (): void => {
      if (shared.sent === load.requests) {
        socket.end();
        resolve();
        return;
      }
      shared.sent += 1;
      sentAt = performance.now();
      socket.write(request);
    };
    socket.on('connect', next);
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const headEnd = text.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      if (text.length < headEnd + 4 + length) return;
      if (!text.startsWith('HTTP/1.1 201 ')) {
        reject(new Error(`a submit must be taken, got ${text.slice(0, 400)}`));
        socket.destroy();
        return;
      }
      text = '';
      latencies[shared.received] = performance.now() - sentAt;
      shared.received += 1;
      next();
    });
  });
}
