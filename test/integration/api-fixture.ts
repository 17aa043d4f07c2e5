import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiServer, type ApiServer, type ApiServerOptions } from '../../src/api/index.ts';
import { openRuntime, type Runtime } from '../../src/runtime/index.ts';
import { createLogger, Metrics } from '../../src/telemetry/index.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever shape comes
  readonly body: any;
}

/** A real server over a real runtime in a folder of its own. */
export interface ApiFixture {
  readonly runtime: Runtime;
  readonly metrics: Metrics;
  readonly server: ApiServer;
  readonly url: string;
  /** Lines that were logged. */
  readonly log: string[];
  request(method: string, path: string, body?: unknown, init?: RequestInit): Promise<Answer>;
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

export async function openApi(options: Partial<ApiServerOptions> = {}): Promise<ApiFixture> {
  const dataDir = await mkdtemp(join(tmpdir(), 'uqo-http-'));
  const log: string[] = [];
  const destination = { write: (line: string) => void log.push(line) };
  const logger = createLogger({ level: 'debug', destination });
  const metrics = new Metrics({ version: 'test' });
  const runtime = await openRuntime({ dataDir, version: 'test', metrics, seed: 1 });
  const server = await createApiServer({
    runtime,
    metrics,
    logger,
    version: 'test',
    port: 0,
    ...options,
  });
  const url = await server.listen();
  const request = async (
    method: string,
    path: string,
    body?: unknown,
    init: RequestInit = {},
  ): Promise<Answer> => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(url + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...init,
      headers: { ...headers, ...(init.headers as Record<string, string> | undefined) },
    });
    return read(answer);
  };
  return {
    runtime,
    metrics,
    server,
    url,
    log,
    request,
    get: (path) => request('GET', path),
    post: (path, body) => request('POST', path, body),
    close: async () => {
      await server.close();
      await runtime.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function read(answer: Response): Promise<Answer> {
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
  const { headers, status } = answer;
  return { status, headers, text, body: isJson ? (JSON.parse(text) as unknown) : null };
}

/** Asks again and again until `done`; each question waits for its answer, so nothing spins idle. */
export async function until<Value>(
  ask: () => Promise<Value>,
  done: (value: Value) => boolean,
): Promise<Value> {
  const deadlineMs = performance.now() + 30_000;
  while (performance.now() < deadlineMs) {
    const value = await ask();
    if (done(value)) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('what was waited for did not come');
}

export interface Told {
  readonly id: string | undefined;
  readonly event: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  readonly data: any;
}

/** Reads server-sent events one by one; `next` gives null at the end. */
export class EventReader {
  readonly status: number;
  readonly #reader: ReadableStreamDefaultReader<string> | null;
  readonly #controller: AbortController;
  #text = '';
  comments = 0;

  private constructor(answer: Response, controller: AbortController) {
    this.status = answer.status;
    this.#reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader() ?? null;
    this.#controller = controller;
  }

  static async open(url: string, lastEventId?: string): Promise<EventReader> {
    const controller = new AbortController();
    const headers: Record<string, string> =
      lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    return new EventReader(await fetch(url, { headers, signal: controller.signal }), controller);
  }

  async next(): Promise<Told | null> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        if (!block.startsWith(':')) return parseEvent(block);
        this.comments += 1;
        continue;
      }
      const chunk = await this.#reader?.read();
      if (chunk === undefined || chunk.done) return null;
      this.#text += chunk.value;
    }
  }

  async rest(): Promise<Told[]> {
    const all: Told[] = [];
    for (let told = await this.next(); told !== null; told = await this.next()) all.push(told);
    return all;
  }

  close(): void {
    this.#controller.abort();
  }
}

function parseEvent(block: string): Told {
  const fields = new Map(
    block.split('\n').map((line): [string, string] => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  );
  return {
    id: fields.get('id'),
    event: fields.get('event') ?? '',
    data: JSON.parse(fields.get('data') ?? 'null') as unknown,
  };
}
