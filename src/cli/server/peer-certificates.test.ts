import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CertificateAuthority } from '../../log/raft/transport/testing/certificates.ts';
import { createLogger } from '../../telemetry/index.ts';
import { resolveConfig } from '../config/resolve-config.ts';
import { openPeerTls, type PeerTls } from './peer-certificates.ts';

const DAY_MS = 86_400_000;
const authority = new CertificateAuthority('cluster');
let folder: string;
let said: string[];
let tls: PeerTls | null = null;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2030-01-01T00:00:00Z') });
  folder = mkdtempSync(join(tmpdir(), 'uqo-certificates-'));
  said = [];
});
afterEach(() => {
  tls?.close();
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

function write(name: string, end = '300301000000Z', from = authority): void {
  const { cert, key } = from.issue(name, { end });
  writeFileSync(join(folder, 'node.pem'), cert);
  writeFileSync(join(folder, 'node.key'), key);
  writeFileSync(join(folder, 'ca.pem'), authority.cert);
}

function open(more: Readonly<Record<string, unknown>> = {}): PeerTls {
  const logger = createLogger({
    level: 'info',
    destination: { write: (line) => void said.push(line) },
  });
  const { config } = resolveConfig({
    environment: {},
    file: null,
    fileName: 'uqo.config.yaml',
    flags: {
      'cluster.nodeId': 'n1',
      'cluster.tlsCert': join(folder, 'node.pem'),
      'cluster.tlsKey': join(folder, 'node.key'),
      'cluster.tlsCa': join(folder, 'ca.pem'),
      ...more,
    },
  });
  tls = openPeerTls(config, logger);
  if (tls === null) throw new Error('the files must be taken');
  return tls;
}

const told = (what: string): number => said.filter((line) => line.includes(what)).length;

test('a certificate that does not name the node is refused, unless any will do', () => {
  write('n2');
  expect(() => open()).toThrow(/--peer-tls-cert must name this node \(CN=n1.*got one of CN=n2/);
  expect(open({ 'cluster.tlsAnyNode': true }).ends).toHaveLength(2);
});

test('one that is put in place of the right one is refused too, and the right one kept', () => {
  write('n1');
  const { ends } = open();
  write('n2', '310101000000Z');
  vi.advanceTimersByTime(60_000);
  expect(told('the new certificate cannot be used')).toBe(1);
  expect(tls?.ends).toEqual(ends);
  write('n1', '310101000000Z');
  vi.advanceTimersByTime(5_000);
  expect(told('use the new certificate from now on')).toBe(1);
  expect(tls?.ends[0]?.endMs).toBe(Date.parse('2031-01-01T00:00:00Z'));
});

test('what ends soon is told of each day while the node runs, and once it has ended', () => {
  write('n1', '300301000000Z');
  open();
  const after = (days: number): void => {
    vi.setSystemTime(Date.now() + days * DAY_MS);
    vi.advanceTimersByTime(60_000);
  };
  after(40);
  expect(said).toEqual([]);
  for (let day = 1; day <= 12; day += 1) {
    after(1);
    after(0);
  }
  expect(told('the certificate of this node ends soon')).toBe(8);
  after(20);
  expect(told('the certificate of this node has ended')).toBe(1);
  expect(told('cannot be used')).toBe(0);
});
