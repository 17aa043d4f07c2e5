import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const SANE = /^[\w.:-]{1,128}$/;

/** Gives each request an id: the caller's own `x-request-id` where it is sane, or a new one. */
export function requestIdSource(): (request: Pick<IncomingMessage, 'headers'>) => string {
  // Random once per process, then counted: ids only have to differ.
  const prefix = randomBytes(6).toString('hex');
  let count = 0;
  return ({ headers }) => {
    const given = headers['x-request-id'];
    if (typeof given === 'string' && SANE.test(given)) return given;
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}
