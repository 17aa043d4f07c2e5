import { expect, test } from 'vitest';
import { resolveConfig } from '../config/resolve-config.ts';
import { clusterOptionsOf } from './cluster-options.ts';
import { toldApiUrl } from './told-api-url.ts';

function told(host: string, peers: string, apiUrl = ''): string | null {
  const flags = {
    host,
    'cluster.nodeId': 'n1',
    'cluster.peers': peers,
    'cluster.insecurePeers': true,
    ...(apiUrl === '' ? {} : { 'cluster.apiUrl': apiUrl }),
  };
  const fileName = 'uqo.config.yaml';
  const { config } = resolveConfig({ flags, environment: {}, file: null, fileName });
  return toldApiUrl(config, clusterOptionsOf(config, null))(`http://${host}:8080`);
}

const FAR = 'n1=10.0.0.1:9101,n2=10.0.0.2:9101';
const NEAR = 'n1=127.0.0.1:9101,n2=127.0.0.1:9102';

test('others are told where the API listens, or what the operator says', () => {
  expect(told('127.0.0.1', NEAR)).toBe('http://127.0.0.1:8080');
  expect(told('10.0.0.1', FAR)).toBe('http://10.0.0.1:8080');
  expect(told('127.0.0.1', FAR, 'http://proxy:80')).toBe('http://proxy:80');
});

test('an API on all addresses is told of by that at which peers reach the node', () => {
  expect(told('0.0.0.0', FAR)).toBe('http://10.0.0.1:8080');
  expect(told('0.0.0.0', 'n1=node-1:9101')).toBe('http://node-1:8080');
});

test('an API that others could not reach, or a URL that is none, is refused', () => {
  expect(() => told('127.0.0.1', FAR)).toThrow(/other nodes must reach the API of this one/);
  for (const url of ['10.0.0.1:8080', 'https://10.0.0.1', 'nonsense']) {
    expect(() => told('127.0.0.1', NEAR, url)).toThrow(/--api-url must be http:\/\/host:port, got/);
  }
});
