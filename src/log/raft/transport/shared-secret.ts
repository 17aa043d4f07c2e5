import { createHmac, timingSafeEqual } from 'node:crypto';
import { OrchestratorError } from '../../../base/errors.ts';
import type { PeerAuthentication } from './handshake.ts';

const SECRET_BYTES_MIN = 16;

/**
 * Authentication by one secret that all nodes know: HMAC-SHA-256 of role and transcript, never the secret itself.
 *
 * It proves who opened a connection, and neither hides nor protects what passes on it afterwards; that is TLS.
 *
 * @throws OrchestratorError `PEER_SECRET_TOO_SHORT` below 16 bytes
 */
export function sharedSecretAuthentication(secret: Uint8Array): PeerAuthentication {
  if (secret.length < SECRET_BYTES_MIN) {
    const message = `the secret of a cluster must have at least ${SECRET_BYTES_MIN} bytes, got ${secret.length}`;
    throw new OrchestratorError('PEER_SECRET_TOO_SHORT', message);
  }
  const key = Buffer.from(secret);
  const prove = (role: string, transcript: Uint8Array): string =>
    createHmac('sha256', key).update(`uqo-peer ${role}\0`).update(transcript).digest('hex');
  return {
    prove,
    verify: (role, transcript, proof) => {
      const expected = Buffer.from(prove(role, transcript));
      const given = Buffer.from(proof);
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
