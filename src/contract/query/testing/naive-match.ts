/** The plainest reading of a query there is, for comparison: no preparation, nothing shared with the compiler. */
import type { QueryTerm, QueryValue, TaskQueryAst } from '../query-ast.ts';
import type { SearchableTask } from '../searchable-task.ts';

export function naiveMatch(query: TaskQueryAst, task: SearchableTask, nowMs: number): boolean {
  if (query.type === 'and') return query.terms.every((each) => naiveMatch(each, task, nowMs));
  if (query.type === 'or') return query.terms.some((each) => naiveMatch(each, task, nowMs));
  if (query.type === 'not') return !naiveMatch(query.term, task, nowMs);
  const found = factsOf(query, task, nowMs);
  return found.some((fact) => query.values.some((value) => fits(fact, query, value, nowMs)));
}

function factsOf({ field, path }: QueryTerm, task: SearchableTask, nowMs: number): unknown[] {
  const present = (value: unknown): unknown[] =>
    value === null || value === undefined ? [] : [value];
  const moment = (ms: number): unknown[] => (ms === 0 ? [] : [ms]);
  switch (field) {
    case 'agent':
      return present(task.agentId);
    case 'error':
      return task.error === null ? [] : [task.error.code, task.error.message];
    case 'error.code':
      return present(task.error?.code);
    case 'error.message':
      return present(task.error?.message);
    case 'capability':
      return [...task.capabilities];
    case 'label':
      return present(new Map(Object.entries(task.labels)).get(path[0] ?? ''));
    case 'created':
      return moment(task.createdAt);
    case 'updated':
      return moment(task.stateAt);
    case 'started':
      return moment(task.startedAt);
    case 'runAt':
      return moment(task.runAt);
    case 'deadline':
      return moment(task.deadlineAt);
    case 'age':
      return [nowMs - task.createdAt];
    case 'idle':
      return [nowMs - task.stateAt];
    case 'duration':
      return task.startedAt === 0
        ? []
        : [(task.endedAt === 0 ? nowMs : task.endedAt) - task.startedAt];
    case 'metadata': {
      let at: unknown = task.metadata;
      for (const step of path) {
        const isObject = typeof at === 'object' && at !== null && !Array.isArray(at);
        const entries: [string, unknown][] = isObject ? Object.entries(at as object) : [];
        if (!entries.some(([key]) => key === step)) return [];
        at = new Map(entries).get(step);
      }
      return Array.isArray(at) ? at : [at];
    }
    default:
      return present(task[field]);
  }
}

function fits(fact: unknown, term: QueryTerm, value: QueryValue, nowMs: number): boolean {
  const { operator } = term;
  if (value.type === 'any') return true;
  if (value.type === 'moment' || value.type === 'relative') {
    const from = value.type === 'moment' ? value.fromMs : nowMs + value.offsetMs;
    const last = value.type === 'moment' ? value.toMs - 1 : from;
    const ms = fact as number;
    if (operator === ':') return ms >= from && ms <= last;
    if (operator === '<' || operator === '>=') return compare(operator, ms - from);
    return compare(operator, ms - last);
  }
  if (value.type === 'duration') return compare(operator, (fact as number) - value.ms);
  if (value.type === 'number') {
    if (operator === '~') return text(fact)?.toLowerCase().includes(String(value.value)) === true;
    const number =
      typeof fact === 'number'
        ? fact
        : typeof fact === 'string' && isPlain(fact)
          ? Number(fact)
          : null;
    return number !== null && compare(operator, number - value.value);
  }
  const said = text(fact);
  if (said === null) return false;
  if (value.type === 'glob') {
    const quoted = value.pieces.map((piece) =>
      piece.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`),
    );
    return new RegExp(`^${quoted.join('[^]*')}$`).test(said);
  }
  if (operator === ':') return said === value.text;
  if (operator === '~') return said.toLowerCase().includes(value.text.toLowerCase());
  if (typeof fact !== 'string') return false;
  return compare(operator, fact < value.text ? -1 : fact === value.text ? 0 : 1);
}

function compare(operator: string, difference: number): boolean {
  if (operator === '<') return difference < 0;
  if (operator === '<=') return difference <= 0;
  if (operator === '>') return difference > 0;
  if (operator === '>=') return difference >= 0;
  return difference === 0;
}

function isPlain(said: string): boolean {
  return String(Number(said)) === said && Number.isSafeInteger(Number(said));
}

function text(fact: unknown): string | null {
  return typeof fact === 'object' && fact !== null ? null : String(fact);
}
