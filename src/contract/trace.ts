import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { Fingerprint } from '../base/fingerprint.ts';

/** W3C trace context, level 1: version, trace id, parent id and flags. */
export const Traceparent = Type.String({
  pattern: '^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$',
  description: 'W3C trace context: version, trace id, parent id and flags in lower-case hex',
});

const checker = Compile(Traceparent);

export function isTraceparent(value: unknown): value is string {
  return checker.Check(value);
}

/** Where an attempt stands in its trace. */
export interface TraceContext {
  /** 32 hexadecimal digits: those of the submitter's trace, else the task id's own. */
  readonly traceId: string;
  /** 16 hexadecimal digits, the same whenever this attempt is asked, never all zero. */
  readonly spanId: string;
  /** Header for whatever the attempt calls. */
  readonly traceparent: string;
}

const VERSION = '00';
/** What a task without a submitter's trace says: those who follow their parent's choice record. */
const SAMPLED = '01';

/** The trace context of the attempt that a fencing token names. */
export function traceOf(
  { fencingToken, taskId }: { readonly taskId: string; readonly fencingToken: number },
  parent: string | null,
): TraceContext {
  const [, parentTraceId, , parentFlags] = parent?.split('-') ?? [];
  const traceId = parentTraceId ?? taskId.replaceAll('-', '');
  const fingerprint = new Fingerprint();
  fingerprint.add(taskId);
  fingerprint.add(String(fencingToken));
  const spanId = /[^0]/.test(fingerprint.text) ? fingerprint.text : '0000000000000001';
  const flags = parentFlags ?? SAMPLED;
  return { traceId, spanId, traceparent: `${VERSION}-${traceId}-${spanId}-${flags}` };
}
