import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** Below the ports that the system gives to connections that go out, which would take one between look and use. */
const PORT_MIN = 12_000;
const PORTS = 20_000;

/** A port of this machine that nobody listens on now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    try {
      server.listen(PORT_MIN + Math.floor(Math.random() * PORTS), '127.0.0.1');
      await once(server, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      throw error;
    }
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }
}
