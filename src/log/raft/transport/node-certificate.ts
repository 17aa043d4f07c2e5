/** Which node a certificate is that of. */
import type { X509Certificate } from 'node:crypto';

/** A certificate need not have a subject. */
type Named = Pick<X509Certificate, 'checkHost'> & {
  readonly subject?: string;
  readonly subjectAltName?: string | undefined;
};

/** Whether the id is the common name, or one of the DNS names; wildcards name no node. */
export function namesNode(certificate: Named, nodeId: string): boolean {
  if (linesOf(certificate.subject).includes(`CN=${nodeId}`)) return true;
  return certificate.checkHost(nodeId, { subject: 'never', wildcards: false }) !== undefined;
}

/** All its names, for people. */
export function namesOf({ subject, subjectAltName }: Named): string {
  const names = [...linesOf(subject), ...linesOf(subjectAltName)];
  return names.length === 0 ? 'no name' : names.join(', ').slice(0, 200);
}

function linesOf(text: string | undefined): string[] {
  return text === undefined ? [] : text.split('\n');
}
