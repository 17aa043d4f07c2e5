/** Submits over HTTP while too much comes: refused by what a look into them tells, or waiting unparsed for room. */
import type { FastifyRequest } from 'fastify';
import { InvalidRequestError } from '../contract/index.ts';
import type { ApiContext } from './api-context.ts';
import { LARGE_BYTES } from './json-body.ts';
import { scanSubmitJson } from './scan-submit-json.ts';

/** What becomes of a request that waits. */
interface Waiting {
  /** Parses its body, and goes on. Never throws. */
  readonly read: () => void;
  readonly refuse: (error: Error) => void;
}

/** When requests came that were let in before they were parsed, in monotonic milliseconds. */
const admitted = new WeakMap<FastifyRequest, number>();

/** When a submit came that was let in already; undefined for one that is yet to pass. */
export function admittedMsOf(request: FastifyRequest): number | undefined {
  return admitted.get(request);
}

/** Takes charge of a submit until it is its turn; false leaves it to be parsed at once. */
export function holdSubmit(
  { clock, runtime }: ApiContext,
  request: FastifyRequest,
  body: Buffer,
  { read, refuse }: Waiting,
): boolean {
  const { admission } = runtime;
  // Long ones are parsed in slices, and pass when that is done.
  const isLooked = admission.isHolding && body.length <= LARGE_BYTES;
  const scanned = isLooked ? scanSubmitJson(body) : null;
  if (scanned === null) return false;
  const { socket } = request.raw;
  const sinceMs = clock.monotonicMs();
  const left = (): void => {
    admission.forget(socket);
    refuse(new InvalidRequestError('', 'must keep its connection until it is answered'));
  };
  socket.once('close', left);
  admission.hold(socket, {
    ...scanned,
    bytes: body.length,
    sinceMs,
    take: () => {
      socket.off('close', left);
      admitted.set(request, sinceMs);
      read();
    },
    refuse: (error) => {
      socket.off('close', left);
      refuse(error);
    },
  });
  return true;
}
