/** Breakers: what starts in spite of them, and whether they go where their calls say. */
import type { BreakerChange, BreakerKind, BreakerSettings } from '../../../src/core/index.ts';
import type { Fact, FactOf } from '../log/fact.ts';
import { BUILT_IN, Recount, type CountedCall } from './breaker-recount.ts';
import { byEntry } from './once.ts';
import { Check, type Evidence, type Proof } from './proof.ts';

interface Subject {
  readonly kind: BreakerKind;
  readonly name: string;
}

/** Where the log says that a breaker is. */
interface Standing {
  readonly state: 'closed' | 'open' | 'half-open';
  /** Of the entry that let probes through. */
  readonly since: number;
}

type Change = FactOf<'breaker-changed'>;
type CallEnd = FactOf<'call-ended'>;

export function proveBreakers({ log }: Evidence): readonly Proof[] {
  const watch = new BreakerWatch();
  for (const entry of byEntry(log.facts)) watch.look(entry);
  return watch.proofs;
}

class BreakerWatch {
  readonly #starts = new Check('no attempt started while a breaker that concerns it was open');
  readonly #probes = new Check('no half-open breaker had more probes running than it may');
  readonly #openings = new Check('breakers opened when their calls said so, and only then');
  readonly #closings = new Check(
    'breakers let probes through in their time, and closed when enough of them had succeeded',
  );
  readonly #ofKind = new Map<BreakerKind, BreakerChange | null>();
  readonly #own = new Map<string, BreakerChange | null>();
  readonly #recounts = new Map<string, Recount>();
  readonly #standings = new Map<string, Standing>();
  readonly #running = new Map<string, FactOf<'call-began'>>();
  /** Of the entry that is looked at: ends that were counted ahead, and what people did. */
  #ahead = new Set<Fact>();
  #forces: FactOf<'breaker-forced'>[] = [];

  get proofs(): readonly Proof[] {
    return [this.#starts, this.#probes, this.#openings, this.#closings].map(({ proof }) => proof);
  }

  look(entry: readonly Fact[]): void {
    this.#ahead = new Set();
    this.#forces = [];
    for (const [at, fact] of entry.entries()) {
      if (fact.type === 'call-began') this.#began(fact);
      else if (fact.type === 'call-ended') this.#ended(fact);
      else if (fact.type === 'breaker-changed') this.#changed(fact, entry.slice(at + 1));
      else if (fact.type === 'breaker-forced') this.#forces.push(fact);
      else if (fact.type === 'breaker-set') this.#set(fact, entry);
      else if (fact.type === 'breaker-forgotten') this.#forgotten(fact);
    }
    for (const [key, { due }] of this.#recounts) {
      const where = `${key} at entry ${entry[0]?.index}`;
      for (const to of due.splice(0)) {
        this.#checkOf(to).that(false, () => `${where}: its calls say ${to}, it did not go there`);
      }
    }
  }

  #checkOf(to: string): Check {
    return to === 'open' ? this.#openings : this.#closings;
  }

  #settingsOf({ kind, name }: Subject): BreakerSettings {
    const own = this.#own.get(keyOf({ kind, name }));
    return { ...BUILT_IN[kind], ...this.#ofKind.get(kind), ...own };
  }

  #recount(subject: Subject, at: number): Recount {
    const key = keyOf(subject);
    const known = this.#recounts.get(key);
    if (known !== undefined) return known;
    const made = new Recount(() => this.#settingsOf(subject), at);
    this.#recounts.set(key, made);
    return made;
  }

  #set({ at, kind, name, settings }: FactOf<'breaker-set'>, entry: readonly Fact[]): void {
    if (name === null) this.#ofKind.set(kind, settings);
    else {
      this.#own.set(keyOf({ kind, name }), settings);
      this.#recount({ kind, name }, at);
    }
    // Nobody knows which calls of the same entry came before.
    if (!entry.some(({ type }) => type === 'call-ended')) return;
    for (const [key, recount] of this.#recounts) {
      const isMeant = name === null ? key.startsWith(kind) : key === keyOf({ kind, name });
      if (isMeant && recount.standing === 'closed') recount.isUnsure = true;
    }
  }

  #began(call: FactOf<'call-began'>): void {
    const { taskId } = call;
    this.#running.set(taskId, call);
    for (const subject of subjectsOf(call)) {
      const key = keyOf(subject);
      const standing = this.#standings.get(key);
      if (standing === undefined) continue;
      this.#starts.that(standing.state !== 'open', () => `${taskId} started, ${key} is open`);
      if (standing.state !== 'half-open') continue;
      const count = [...this.#running.values()].filter(
        (one) => one.token >= standing.since && subjectsOf(one).some((of) => keyOf(of) === key),
      ).length;
      const { probesMax } = this.#settingsOf(subject);
      this.#probes.that(count <= probesMax, () => `${key}: ${taskId} is ${count} of ${probesMax}`);
    }
  }

  #ended(end: CallEnd): void {
    if (this.#ahead.has(end)) return;
    const call = this.#running.get(end.taskId);
    if (call === undefined) return;
    this.#running.delete(end.taskId);
    if (end.how === 'over') return;
    for (const subject of blamed(call, end)) {
      const counted = this.#counted(call, end, subject);
      if (counted === null) continue;
      const isGood = !counted.isFailed && !counted.isSlow;
      // Nothing is known of what never failed.
      if (isGood && !this.#recounts.has(keyOf(subject))) continue;
      this.#recount(subject, end.at).count(counted);
    }
  }

  /** What a breaker counts of the end of a call; null for nothing. */
  #counted(call: FactOf<'call-began'>, end: CallEnd, subject: Subject): CountedCall | null {
    const settings = this.#settingsOf(subject);
    if (!settings.enabled || !counts(end, settings)) return null;
    const { at, code, token } = end;
    const isSlow = settings.slowMs > 0 && at - call.at >= settings.slowMs;
    return { at, token, isFailed: code !== null, isSlow };
  }

  #changed(change: Change, later: readonly Fact[]): void {
    const { at, from, index, to } = change;
    const key = keyOf(change);
    const recount = this.#recount(change, at);
    const before = this.#standings.get(key)?.state ?? 'closed';
    this.#standings.set(key, { state: to, since: index });
    const why = this.#reason(change, recount, later);
    const where = `${key} at entry ${index}, ${from} to ${to}`;
    this.#checkOf(to).that(why === null, () => `${where}: ${why}`);
    this.#closings.that(before === from, () => `${where}: it was ${before}`);
  }

  /** What is wrong with a change; null for nothing. Brings the recount where the breaker is. */
  #reason(change: Change, recount: Recount, later: readonly Fact[]): string | null {
    const { at, from, index, to } = change;
    if (to === 'half-open') {
      const [first] = recount.probesAt();
      const isHeld = recount.forced !== null;
      const wasOpen = recount.standing === 'open';
      recount.letProbes(index, at);
      if (isHeld || !wasOpen) return isHeld ? 'it is held' : 'it was not open';
      return at >= first ? null : `${first - at} ms too early`;
    }
    if (this.#isDue(recount, change, later)) return badMoment(change, recount);
    const forced = this.#forces.findIndex(
      (force) => keyOf(force) === keyOf(change) && (force.to === 'open') === (to === 'open'),
    );
    const [force] = forced < 0 ? [] : this.#forces.splice(forced, 1);
    if (force !== undefined) {
      recount.force(force.to, at);
      return null;
    }
    const isExcused =
      to === 'open' ? recount.isUnsure : from === 'half-open' && recount.isQuiet(at);
    recount.enter(to, at);
    return isExcused ? null : 'its calls say nothing of it';
  }

  /** Takes what is due. What a completion does to breakers core tells just before the completion. */
  #isDue(recount: Recount, change: Change, later: readonly Fact[]): boolean {
    if (recount.due[0] !== change.to && this.#brings(recount, change, later)) {
      const end = later.find((fact) => fact.type === 'call-ended') as CallEnd;
      this.#ended(end);
      this.#ahead.add(end);
    }
    if (recount.due[0] !== change.to) return false;
    recount.due.shift();
    return true;
  }

  /** Whether the completion that comes next is what brings the breaker there. */
  #brings(recount: Recount, change: Change, later: readonly Fact[]): boolean {
    const next = later.find(({ type }) => type !== 'breaker-changed');
    if (next?.type !== 'call-ended' || next.how !== 'completed') return false;
    const call = this.#running.get(next.taskId);
    const isMeant =
      call !== undefined && blamed(call, next).some((one) => keyOf(one) === keyOf(change));
    const counted = isMeant ? this.#counted(call, next, change) : null;
    return counted !== null && recount.goesTo(counted) === change.to;
  }

  #forgotten({ at, kind, name }: FactOf<'breaker-forgotten'>): void {
    const key = keyOf({ kind, name });
    const recount = this.#recounts.get(key);
    const isSet = (this.#own.get(key) ?? null) !== null;
    const isGood = recount?.isQuiet(at) === true && recount.standing === 'closed' && !isSet;
    this.#closings.that(isGood, () => `${key} was forgotten while it was needed`);
    this.#recounts.delete(key);
  }
}

function keyOf({ kind, name }: Subject): string {
  return `${kind} ${name}`;
}

/** Everything whose breaker a start passes. */
function subjectsOf({ agentId, capabilities, downstreams }: FactOf<'call-began'>): Subject[] {
  return [
    { kind: 'agent', name: agentId },
    ...capabilities.map((name): Subject => ({ kind: 'capability', name })),
    ...downstreams.map((name): Subject => ({ kind: 'downstream', name })),
  ];
}

/** Whom the end of a call may tell something of. */
function blamed(call: FactOf<'call-began'>, { blames, code }: CallEnd): Subject[] {
  if (code !== null && blames !== null) return [{ kind: 'downstream', name: blames }];
  const isAgentAlone = code === 'AGENT_LOST' || code === 'AGENT_RESTARTED';
  return subjectsOf(call).filter(({ kind }) => kind === 'agent' || !isAgentAlone);
}

/** Ends that are nobody's fault: people and deadlines end attempts, too. */
const NOBODYS = new Set([
  'AGENT_REMOVED',
  'AGENT_KILLED',
  'INPUT_EXPIRED',
  'DEADLINE_EXCEEDED',
  'TOTAL_TIMEOUT',
]);

function counts({ code, isRetryable }: CallEnd, { count, ignore }: BreakerSettings): boolean {
  if (code === null || count.includes(code)) return true;
  return isRetryable && !NOBODYS.has(code) && !ignore.includes(code);
}

/** What is wrong with the moment that it will let probes through at; null for nothing. */
function badMoment({ openUntil, to }: Change, recount: Recount): string | null {
  if (to !== 'open' || openUntil === null) return null;
  const [first, last] = recount.probesAt();
  const isGood = openUntil >= first && openUntil <= last;
  return isGood ? null : `open until ${openUntil}, not from ${first} to ${last}`;
}
