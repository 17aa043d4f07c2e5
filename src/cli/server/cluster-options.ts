/** Who a node is and how it finds the others, as the settings say. */
import { readFileSync } from 'node:fs';
import { messageOf } from '../../base/errors.ts';
import { sharedSecretAuthentication } from '../../log/index.ts';
import type { ClusterOptions } from '../../runtime/index.ts';
import type { TlsNetwork } from '../../log/index.ts';
import type { ServerConfig } from '../config/config-keys.ts';
import { usageError } from '../usage-error.ts';

const PLACE = /^\S+:\d{1,5}$/;
const PEER = /^(?<id>[A-Za-z0-9._-]{1,64})=(?<address>\S+:\d{1,5})$/;

/**
 * @param network - what nodes speak over; null for plain TCP
 * @throws UsageError `CONFIG_INVALID`
 */
export function clusterOptionsOf(config: ServerConfig, network: TlsNetwork | null): ClusterOptions {
  const nodeId = config['cluster.nodeId'];
  if (nodeId === '') throw invalid('--node-id must name this node', 'such as --node-id n1');
  const addresses = readPeers(config['cluster.peers']);
  const address = addresses[nodeId];
  if (address === undefined) {
    const named = Object.keys(addresses).join(', ');
    throw invalid(
      `--peers must say where this node, ${nodeId}, is reached, got ${named === '' ? 'none' : named}`,
      `such as --peers ${nodeId}=127.0.0.1:9101,n2=127.0.0.1:9102,n3=127.0.0.1:9103`,
    );
  }
  const peers = Object.fromEntries(Object.entries(addresses).filter(([id]) => id !== nodeId));
  const secretFile = config['cluster.secretFile'];
  return {
    clusterId: config['cluster.id'],
    nodeId,
    ...placeOf(address, config['cluster.peerListen']),
    peers,
    founders: config['cluster.join'] ? [] : Object.keys(addresses),
    insecurePeers: config['cluster.insecurePeers'],
    ...(network === null ? {} : { network }),
    ...(secretFile === '' ? {} : { authentication: sharedSecretAuthentication(read(secretFile)) }),
  };
}

/** Where a node listens, and what it tells the others where that is another address. */
function placeOf(
  address: string,
  listen: string,
): Pick<ClusterOptions, 'listenAddress' | 'publicAddress'> {
  if (listen === '' || listen === address) return { listenAddress: address };
  if (PLACE.test(listen)) return { listenAddress: listen, publicAddress: address };
  throw invalid(`--peer-listen must be host:port, got ${listen}`, 'such as 0.0.0.0:9101');
}

function readPeers(text: string): Record<string, string> {
  const addresses: Record<string, string> = {};
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const { address, id } = PEER.exec(part.trim())?.groups ?? {};
    if (address === undefined || id === undefined) {
      throw invalid(
        `each of --peers must be id=host:port, got ${part.trim()}`,
        'ids are of A-Z a-z 0-9 . _ -',
      );
    }
    if (Object.hasOwn(addresses, id))
      throw invalid(`--peers must name a node once, got ${id} twice`, '');
    addresses[id] = address;
  }
  return addresses;
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw invalid(`--peer-secret-file must be readable, got: ${messageOf(error)}`, '');
  }
}

function invalid(message: string, hint: string): Error {
  return usageError('CONFIG_INVALID', message, hint === '' ? undefined : hint);
}
