import { traceOf } from '../contract/index.ts';
import type { Lease } from './agent-link.ts';

/** A lease as agents get it over HTTP. The payload is JSON text already: it goes out as it came in. */
export function leaseJson(lease: Lease): string {
  const { attempt, fencingToken, payload, runUntil, taskId, type } = lease;
  const until = runUntil === 0 ? null : new Date(runUntil).toISOString();
  const rest = JSON.stringify({ taskId, fencingToken, attempt, type, runUntil: until });
  return `${rest.slice(0, -1)},"payload":${payload}${lease.extra === null ? '' : extraJson(lease)}}`;
}

function extraJson(lease: Lease): string {
  const { cancel, critique, details = null, lastError } = lease.extra ?? {};
  const { parents = null, traceparent = null } = lease.extra ?? {};
  const wish =
    cancel == null ? null : { reason: cancel.reason, until: new Date(cancel.until).toISOString() };
  const trace = traceparent === null ? '' : traceOf(lease, traceparent).traceparent;
  return [
    details === null ? '' : `,"lastDetails":${details}`,
    parents === null ? '' : `,"parents":${parents}`,
    trace === '' ? '' : `,"traceparent":"${trace}"`,
    lastError == null ? '' : `,"lastError":${JSON.stringify(lastError)}`,
    critique == null ? '' : `,"critique":${JSON.stringify(critique)}`,
    wish === null ? '' : `,"cancelRequested":${JSON.stringify(wish)}`,
  ].join('');
}
