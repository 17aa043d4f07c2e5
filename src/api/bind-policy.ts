import { isIP } from 'node:net';
import { OrchestratorError } from '../base/errors.ts';

/** True for names and addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  if (name === 'localhost' || name === '::1' || name === '::ffff:127.0.0.1') return true;
  return isIP(name) === 4 && name.startsWith('127.');
}

/**
 * Refuses to listen where other machines can connect while nothing asks who they are.
 *
 * @throws OrchestratorError `INSECURE_BIND`
 */
export function checkBind(host: string, allowInsecurePublicBind: boolean): void {
  if (allowInsecurePublicBind || isLoopback(host)) return;
  throw new OrchestratorError(
    'INSECURE_BIND',
    `the address must be of this machine only while there is no authentication, got ${host}: whoever reaches the port could run and read everything; listen on 127.0.0.1 behind a proxy that authenticates, or allow it explicitly with --insecure-public`,
    { host },
  );
}
