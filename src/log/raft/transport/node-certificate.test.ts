import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { namesNode, namesOf } from './node-certificate.ts';
import { CertificateAuthority } from './testing/certificates.ts';

const authority = new CertificateAuthority('cluster');

function certificateOf(commonName: string, ...dnsNames: readonly string[]): X509Certificate {
  return new X509Certificate(authority.issue(commonName, { dnsNames }).cert);
}

test('a certificate is that of the node that its common name or a DNS name is the id of', () => {
  const shown = certificateOf('n1', 'n2', 'node-1.example.org');
  for (const id of ['n1', 'n2', 'node-1.example.org']) expect(namesNode(shown, id)).toBe(true);
  for (const id of ['n3', 'n', 'N', '1', 'example.org', '127.0.0.1', 'n1\nCN=n3']) {
    expect(namesNode(shown, id)).toBe(false);
  }
  expect(namesOf(shown)).toContain('CN=n1');
  expect(namesOf(shown)).toContain('node-1.example.org');
});

test('a name that holds another one, and a wildcard, are not that of the other', () => {
  expect(namesNode(certificateOf('x\nCN=n1'), 'n1')).toBe(false);
  expect(namesNode(certificateOf('x, CN=n1'), 'n1')).toBe(false);
  expect(namesNode(certificateOf('x', 'a, DNS:n1'), 'n1')).toBe(false);
  expect(namesNode(certificateOf('x', '*.example.org'), 'n1.example.org')).toBe(false);
});
