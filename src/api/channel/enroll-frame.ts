import {
  checkRegisterAgents,
  InvalidRequestError,
  isName,
  type RawFrame,
  type RegisterAgent,
} from '../../contract/index.ts';
import { arrayAt, integerAt, integersAt, stringsAt } from './fields.ts';

/** Agents that one frame may register; as many as one hello. */
const AGENTS_MAX = 10_000;

export interface Enrollment {
  readonly sequence: number;
  readonly agents: readonly RegisterAgent[];
}

/**
 * The agents of an `enroll` frame. What they share is checked once, not for each of them.
 *
 * @throws InvalidRequestError
 */
export function readEnrollment(frame: RawFrame): Enrollment {
  const sequence = integerAt(frame[1], '/enroll/1');
  const ids = stringsAt(frame[3], '/enroll/3');
  if (ids.length > AGENTS_MAX) {
    throw new InvalidRequestError('/enroll/3', `must have at most ${AGENTS_MAX} items`);
  }
  const wrong = ids.findIndex((id) => !isName(id));
  if (wrong >= 0) throw new InvalidRequestError(`/enroll/3/${wrong}`, 'must be a name');
  if (new Set(ids).size < ids.length) {
    throw new InvalidRequestError('/enroll/3', 'must name each agent once');
  }
  const specs = arrayAt(frame[2], '/enroll/2', AGENTS_MAX);
  const bounds = { length: ids.length, max: specs.length - 1 };
  const specOf = frame[4] == null ? null : integersAt(frame[4], '/enroll/4', bounds);
  // As those that register them one by one are checked, with an id that any of them could have.
  const named: unknown = specs.map((spec, i) => withId(spec, i));
  checkRegisterAgents(named, '/enroll/2');
  if (ids.length > 0 && named.length === 0) {
    throw new InvalidRequestError('/enroll/2', 'must have what the agents are');
  }
  const agents = ids.map((id, i) => ({ ...(named[specOf?.[i] ?? 0] as RegisterAgent), id }));
  return { sequence, agents };
}

function withId(spec: unknown, position: number): unknown {
  if (typeof spec !== 'object' || spec === null) return spec;
  if (Object.hasOwn(spec, 'id')) {
    throw new InvalidRequestError(`/enroll/2/${position}/id`, 'must not be there');
  }
  return { id: 'agent', ...spec };
}
