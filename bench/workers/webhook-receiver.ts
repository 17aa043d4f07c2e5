/** Is called, and answers at once: `node webhook-receiver.ts`. Asked with how many calls one connection may bring, says its port. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

let server: Server | null = null;

process.on('message', (callsPerConnection: number) => {
  server?.closeAllConnections();
  server?.close();
  const next = createServer((request, response) => {
    request.resume();
    request.once('end', () => response.end('{"result":null}'));
  });
  // 0 is no bound; 1 has each call bring a connection of its own.
  next.maxRequestsPerSocket = callsPerConnection;
  next.listen(0, '127.0.0.1', () => process.send?.((next.address() as AddressInfo).port));
  server = next;
});
