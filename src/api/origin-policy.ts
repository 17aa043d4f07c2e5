/**
 * Keeps web pages of other sites from using this server through their visitor's browser.
 *
 * A page can send simple requests anywhere and, by pointing its own name at 127.0.0.1, read the
 * answers too. The first is told by `Origin`, the second by a `Host` that is no name of this machine.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { OrchestratorError } from '../base/errors.ts';
import { isLoopback } from './bind-policy.ts';

export interface OriginPolicy {
  /** True when the server listens on loopback only: then `Host` must say so too. */
  readonly loopbackOnly: boolean;
  /** Further names, without port, that `Host` may have: those of a proxy in front. */
  readonly allowedHosts: ReadonlySet<string>;
}

/** @throws OrchestratorError `FORBIDDEN_ORIGIN` */
export function checkOrigin(headers: IncomingHttpHeaders, policy: OriginPolicy): void {
  const { host, origin } = headers;
  if (policy.loopbackOnly && host !== undefined) checkHost(host, policy.allowedHosts);
  if (origin === undefined) return;
  const from = hostOfOrigin(origin);
  if (from !== null && from === host?.toLowerCase()) return;
  throw new OrchestratorError(
    'FORBIDDEN_ORIGIN',
    `a request of a web page must come from this server's own pages, got origin ${origin}`,
  );
}

function checkHost(host: string, allowed: ReadonlySet<string>): void {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (isLoopback(name) || allowed.has(name)) return;
  throw new OrchestratorError(
    'FORBIDDEN_ORIGIN',
    `the host of a request must be a name of this machine, got ${host}`,
  );
}

function hostOfOrigin(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
