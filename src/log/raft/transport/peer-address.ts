import { isIP } from 'node:net';
import { OrchestratorError } from '../../../base/errors.ts';

export interface PeerAddress {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port` or `[v6]:port`.
 *
 * @throws OrchestratorError `PEER_ADDRESS_INVALID`
 */
export function parsePeerAddress(text: string): PeerAddress {
  const match = /^(?:\[(?<v6>[0-9a-f:.]+)\]|(?<name>[^\s:[\]/]+)):(?<port>\d{1,5})$/i.exec(text);
  const host = match?.groups?.['v6'] ?? match?.groups?.['name'];
  const port = Number(match?.groups?.['port']);
  if (host !== undefined && port <= 65_535) return { host, port };
  const message = `a peer's address must be host:port or [v6]:port, got ${JSON.stringify(text)}`;
  throw new OrchestratorError('PEER_ADDRESS_INVALID', message, { address: text });
}

export function formatPeerAddress({ host, port }: PeerAddress): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** True for addresses that never leave the machine. A name other than `localhost` may lead anywhere. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/**
 * Without TLS nothing between nodes is secret or protected, so it stays on this machine unless someone says otherwise.
 *
 * @throws OrchestratorError `PEERS_INSECURE`
 */
export function requireLoopback(host: string): void {
  if (isLoopback(host)) return;
  const message = `without TLS peers must be on loopback, got ${host}: set up TLS, or state insecurePeers: true (--insecure-peers) where the network between the nodes is trusted: anyone on it could read and change every task`;
  throw new OrchestratorError('PEERS_INSECURE', message, { host });
}
