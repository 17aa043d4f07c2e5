import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AddressPolicy } from './address-policy.ts';
import { WebhookCaller, type WebhookResponse } from './post-webhook.ts';

const LOOPBACK = new AddressPolicy(['127.0.0.0/8', '::1/128']);

const servers: Server[] = [];
let caller: WebhookCaller;
beforeEach(() => {
  caller = new WebhookCaller();
});
afterEach(() => {
  caller.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function call(
  url: string,
  policy: AddressPolicy = LOOPBACK,
  signal: AbortSignal = new AbortController().signal,
): Promise<WebhookResponse> {
  const headers = { 'content-type': 'application/json' };
  return caller.post({ url, headers, body: '"ä"', policy, answerBytesMax: 1000, signal });
}

describe('a call', () => {
  test('posts the body, and brings status, body and when to call again', async () => {
    const url = await serve((request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (text: string) => (body += text));
      request.on('end', () => {
        response.writeHead(429, { 'retry-after': '7' });
        response.end(`${request.method} ${body} ${request.headers['content-length']}`);
      });
    });
    expect(await call(`${url}/x`)).toEqual({
      status: 429,
      body: 'POST "ä" 4',
      retryAfterMs: 7_000,
    });
  });

  test('follows no redirect', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    });
    expect(await call(url)).toMatchObject({ status: 302 });
  });

  test('reaches nobody at an address that is not allowed, also behind a name', async () => {
    let calls = 0;
    const url = await serve((_request, response) => {
      calls += 1;
      response.end();
    });
    const { port } = new URL(url);
    const strict = new AddressPolicy([]);
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
      await expect(call(`http://${host}:${port}/`, strict)).rejects.toMatchObject({
        code: 'WEBHOOK_ADDRESS_REFUSED',
      });
    }
    expect(calls).toBe(0);
    expect(await call(`http://localhost:${port}/`)).toMatchObject({ status: 200 });
  });

  test('that reached nobody is told from one that broke off', async () => {
    const url = await serve((_request, response) => response.destroy());
    await expect(call(url)).rejects.toMatchObject({ code: 'WEBHOOK_BROKEN' });
    const [server] = servers.splice(0);
    const closed = new Promise((resolve) => server?.once('close', resolve));
    server?.close();
    await closed;
    await expect(call(url)).rejects.toMatchObject({ code: 'WEBHOOK_UNREACHABLE' });
  });

  test('is broken off where its answer is too long, or nobody waits for it any more', async () => {
    const long = await serve((_request, response) => response.end('x'.repeat(1001)));
    await expect(call(long)).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE' });
    const controller = new AbortController();
    const url = await serve(() => controller.abort());
    await expect(call(url, LOOPBACK, controller.signal)).rejects.toMatchObject({
      code: 'WEBHOOK_BROKEN',
    });
  });
});

describe('a kept connection', () => {
  test('takes the next call', async () => {
    let connections = 0;
    const url = await serve((_request, response) => response.end('done'));
    servers[0]?.on('connection', () => (connections += 1));
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    // More than a socket may have listeners of a kind: a call leaves none behind.
    for (let n = 0; n < 20; n++) expect(await call(url)).toMatchObject({ status: 200 });
    await new Promise((resolve) => void setImmediate(resolve));
    process.off('warning', note);
    expect(connections).toBe(1);
    expect(warnings).toEqual([]);
  });

  test('that the other end has closed meanwhile costs nothing: the call goes over another', async () => {
    let calls = 0;
    const url = await serve((request, response) => {
      calls += 1;
      // As a server does whose patience with an idle connection ends while the next call is on its way.
      if (calls === 2) request.socket.destroy();
      else response.end('done');
    });
    expect(await call(url)).toMatchObject({ status: 200 });
    expect(await call(url)).toMatchObject({ status: 200 });
    expect(calls).toBe(3);
  });

  test('that breaks where nobody is there any more counts as a call that may have arrived', async () => {
    let calls = 0;
    const url = await serve((request, response) => {
      calls += 1;
      if (calls === 1) {
        response.end('done');
        return;
      }
      servers[0]?.close();
      request.socket.destroy();
    });
    await call(url);
    await expect(call(url)).rejects.toMatchObject({ code: 'WEBHOOK_BROKEN' });
  });

  test('is not tried again once something was answered', async () => {
    let calls = 0;
    const url = await serve((request, response) => {
      calls += 1;
      if (calls === 1) {
        response.end('done');
        return;
      }
      response.writeHead(200, { 'content-length': 10 });
      response.write('half');
      setImmediate(() => request.socket.destroy());
    });
    await call(url);
    await expect(call(url)).rejects.toMatchObject({ code: 'WEBHOOK_BROKEN' });
    expect(calls).toBe(2);
  });
});

test('a policy lets public addresses and named networks pass', () => {
  const policy = new AddressPolicy(['10.1.0.0/16', 'fd00:1::/32', '192.168.1.7']);
  const allowed = ['8.8.8.8', '2606:4700::1111', '10.1.2.3', 'fd00:1::5', '192.168.1.7'];
  const refused = [
    '10.2.0.1',
    '192.168.1.8',
    'fd00:2::1',
    'fe80::1',
    '::',
    '0.0.0.0',
    '100.64.1.1',
  ];
  const tunnelled = ['64:ff9b::7f00:1', '2002:7f00:1::', '::ffff:10.2.0.1', 'name.example', ''];
  expect(allowed.filter((address) => !policy.allows(address))).toEqual([]);
  expect([...refused, ...tunnelled].filter((address) => policy.allows(address))).toEqual([]);
  expect(policy.allows('::ffff:10.1.0.9')).toBe(true);
  expect(() => new AddressPolicy(['10.0.0.0/33'])).toThrow(/prefix length/);
  expect(() => new AddressPolicy(['ten'])).toThrow(/prefix length/);
});
