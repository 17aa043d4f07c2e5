/** Where a node tells the others that its API is. */
import { isIP } from 'node:net';
import { isLoopback } from '../../api/index.ts';
import type { ClusterOptions } from '../../runtime/index.ts';
import type { ServerConfig } from '../config/config-keys.ts';
import { usageError } from '../usage-error.ts';

/**
 * How the others reach the API, once it is known where it listens.
 *
 * A node that listens on all of its addresses is where its peers reach it: `0.0.0.0` would be each of them to itself.
 *
 * @throws UsageError `CONFIG_INVALID` where they could not reach it at all
 */
export function toldApiUrl(
  config: ServerConfig,
  cluster: ClusterOptions,
): (listensAt: string | null) => string | null {
  const told = config['cluster.apiUrl'];
  if (told !== '') {
    requireUrl(told);
    return () => told;
  }
  const peerHost = hostOf(cluster.publicAddress ?? cluster.listenAddress);
  // Without leave to speak in the clear beyond this machine the node does not start anyway, and is told why.
  const isInTheClear = cluster.network === undefined && cluster.insecurePeers === true;
  if (isInTheClear && isLoopback(config.host) && !isLoopback(peerHost)) {
    throw usageError(
      'CONFIG_INVALID',
      `other nodes must reach the API of this one, got --host ${config.host}, where each would find itself`,
      'set up TLS between the nodes (docs/cluster.md), or say where it is with --api-url http://host:port',
    );
  }
  return (listensAt) => {
    if (listensAt === null || (config.host !== '0.0.0.0' && config.host !== '::')) return listensAt;
    const url = new URL(listensAt);
    return `http://${isIP(peerHost) === 6 ? `[${peerHost}]` : peerHost}:${url.port || '80'}`;
  };
}

function requireUrl(told: string): void {
  const isGood = URL.canParse(told) && new URL(told).protocol === 'http:';
  if (isGood) return;
  throw usageError(
    'CONFIG_INVALID',
    `--api-url must be http://host:port, got ${told}`,
    'nodes speak HTTP with each other; TLS between them is that of --peer-tls-cert',
  );
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replaceAll(/[[\]]/g, '');
}
