/** A service that fails, is tried again and recovers: what the proofs of breakers are tried on. */
import type { Loose } from '../log/entry-facts.ts';

/** Takes one entry after the other, a second apart. */
export interface EntryWriter {
  readonly at: number;
  entry(...facts: readonly Loose[]): number;
  wait(ms: number): void;
}

type Change = Omit<Extract<Loose, { readonly type: 'breaker-changed' }>, 'type' | 'kind' | 'name'>;
type End = Partial<Extract<Loose, { readonly type: 'call-ended' }>>;

const SERVICE = { kind: 'downstream', name: 's' } as const;
const FAILED: End = { how: 'failed', code: 'UPSTREAM' };
const TO_HALF_OPEN: Change = { from: 'open', to: 'half-open', openUntil: null };
const TO_CLOSED: Change = { from: 'half-open', to: 'closed', openUntil: null };

class CallWriter {
  readonly #writer: EntryWriter;
  readonly #tokens = new Map<string, number>();

  constructor(writer: EntryWriter) {
    this.#writer = writer;
  }

  began(taskId: string): void {
    const next = this.#writer.entry() + 1;
    const where = { agentId: 'z', capabilities: [], downstreams: ['s'] };
    const token = this.#writer.entry({ type: 'call-began', taskId, token: next, ...where });
    this.#tokens.set(taskId, token);
  }

  ended(taskId: string, end: End, ...changes: readonly Loose[]): void {
    const fact = this.end(taskId, end);
    // Core tells of a completion after what it did to a breaker.
    const facts = end.how === 'failed' ? [fact, ...changes] : [...changes, fact];
    this.#writer.entry(...facts);
  }

  end(taskId: string, end: End): Loose {
    const said = { how: 'completed', code: null, isRetryable: true, blames: null } as const;
    return { type: 'call-ended', taskId, token: this.#tokens.get(taskId) ?? 0, ...said, ...end };
  }

  /** Open from the next entry on, for that long. */
  opening(from: 'closed' | 'half-open', openMs: number): Loose {
    return changed({ from, to: 'open', openUntil: this.#writer.at + 1_000 + openMs });
  }
}

function changed(change: Change): Loose {
  return { type: 'breaker-changed', ...SERVICE, ...change };
}

export function writeBreakers(writer: EntryWriter): void {
  const calls = new CallWriter(writer);
  const tried = { openMs: 1_000, openMsMax: 4_000, jitter: 0, probesMax: 1, successesMin: 2 };
  const settings = { callsMin: 2, failureRate: 0.5, ...tried };
  writer.entry({ type: 'breaker-set', ...SERVICE, settings });
  for (const taskId of ['down-1', 'down-2', 'down-old']) calls.began(taskId);
  calls.ended('down-1', FAILED);
  calls.ended('down-2', FAILED, calls.opening('closed', 1_000));
  writer.entry(changed(TO_HALF_OPEN));
  probe(calls, 'probe-1');
  // It started before, and says nothing.
  calls.ended('down-old', FAILED);
  probe(calls, 'probe-2', changed(TO_CLOSED));
  calls.began('down-3');
  calls.ended('down-3', FAILED);
  probe(calls, 'half-bad', calls.opening('closed', 1_000 + 2_000));
  writer.entry(changed(TO_HALF_OPEN));
  calls.began('probe-3');
  calls.ended('probe-3', FAILED, calls.opening('half-open', 2_000));
  writer.wait(1_000);
  writer.entry(changed(TO_HALF_OPEN));
  probe(calls, 'probe-4');
  probe(calls, 'probe-5', changed(TO_CLOSED));
  const held: Change = { from: 'closed', to: 'open', openUntil: null };
  calls.began('held');
  writer.entry({ type: 'breaker-forced', ...SERVICE, to: 'open' }, changed(held));
  const letGo: Change = { from: 'open', to: 'closed', openUntil: null };
  const lettingGo: Loose = { type: 'breaker-forced', ...SERVICE, to: 'auto' };
  // A call that completes just after people let it go is counted again.
  writer.entry(lettingGo, changed(letGo), calls.end('held', {}));
  calls.began('down-4');
  calls.ended('down-4', FAILED, calls.opening('closed', 1_000));
  // Its agent's breaker, which counted all of that, was never set.
  writer.wait(60_000);
  writer.entry({ type: 'breaker-forgotten', kind: 'agent', name: 'z' });
}

function probe(calls: CallWriter, taskId: string, ...changes: readonly Loose[]): void {
  calls.began(taskId);
  calls.ended(taskId, {}, ...changes);
}
