import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpApi } from './http-api.ts';
import { ServerAddresses } from './server-addresses.ts';

test('addresses take turns, and a failure that several notice counts once', () => {
  const addresses = new ServerAddresses('http://a/, http://b:1,http://c');
  expect([addresses.url, addresses.count]).toEqual(['http://a', 3]);
  addresses.leave('http://a');
  addresses.leave('http://a');
  expect(addresses.url).toBe('http://b:1');
  addresses.leave('http://b:1');
  addresses.leave('http://c');
  expect(addresses.url).toBe('http://a');
});

describe('requests to a cluster', () => {
  const servers: Server[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  async function answering(name: string): Promise<string> {
    const server = createServer((_request, response) => response.end(JSON.stringify({ name })));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** An address that nothing listens on any more. */
  async function left(): Promise<string> {
    const url = await answering('gone');
    await new Promise((resolve) => servers.pop()?.close(resolve));
    return url;
  }

  test('go to another node where one takes no connection, changes too, and stay there', async () => {
    const gone = await left();
    const there = await answering('b');
    const api = new HttpApi(`${gone},${there}`);
    expect(await api.call('POST', '/x', {})).toEqual({ name: 'b' });
    expect(api.url).toBe(there);
  });

  test('fail, naming all, where nobody can be reached', async () => {
    const api = new HttpApi(`${await left()},${await left()}`);
    await expect(api.call('GET', '/x')).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
  });

  test('that may have been carried out are not sent again', async () => {
    let asked = 0;
    const server = createServer((request) => {
      asked += 1;
      request.socket.destroy();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const breaking = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const api = new HttpApi(`${breaking},${await answering('b')}`);
    await expect(api.call('POST', '/x', {})).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
    expect(asked).toBe(1);
    // The next one is for another node.
    expect(await api.call('POST', '/x', {})).toEqual({ name: 'b' });
  });
});
