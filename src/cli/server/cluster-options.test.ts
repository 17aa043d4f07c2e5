import { expect, test } from 'vitest';
import { resolveConfig } from '../config/resolve-config.ts';
import type { ServerConfig } from '../config/config-keys.ts';
import { clusterOptionsOf } from './cluster-options.ts';

function configOf(flags: Readonly<Record<string, string>>): ServerConfig {
  const fileName = 'uqo.config.yaml';
  return resolveConfig({ flags, environment: {}, file: null, fileName }).config;
}

const NODE = { 'cluster.nodeId': 'n1', 'cluster.peers': 'n1=10.0.0.1:9101,n2=10.0.0.2:9101' };

test('a node listens where the others reach it, and tells them no other address', () => {
  const options = clusterOptionsOf(configOf(NODE), null);
  expect(options).toMatchObject({
    listenAddress: '10.0.0.1:9101',
    peers: { n2: '10.0.0.2:9101' },
    founders: ['n1', 'n2'],
  });
  expect(options).not.toHaveProperty('publicAddress');
});

test('a node that listens elsewhere tells the others where it is reached', () => {
  const listen = { 'cluster.peerListen': '0.0.0.0:9999' };
  expect(clusterOptionsOf(configOf({ ...NODE, ...listen }), null)).toMatchObject({
    listenAddress: '0.0.0.0:9999',
    publicAddress: '10.0.0.1:9101',
  });
});

test('places that are none, nodes named twice and nodes that do not name themselves are refused', () => {
  const refused = [
    [{ 'cluster.peerListen': '0.0.0.0' }, /--peer-listen must be host:port, got 0\.0\.0\.0/],
    [{ 'cluster.peers': 'n1=1.2.3.4:1,n1=1.2.3.4:2' }, /must name a node once, got n1 twice/],
    [{ 'cluster.peers': 'n1' }, /each of --peers must be id=host:port, got n1/],
    [{ 'cluster.nodeId': 'n3' }, /where this node, n3, is reached, got n1, n2/],
    [{ 'cluster.nodeId': '' }, /--node-id must name this node/],
  ] as const;
  for (const [flags, message] of refused) {
    expect(() => clusterOptionsOf(configOf({ ...NODE, ...flags }), null)).toThrow(message);
  }
});
