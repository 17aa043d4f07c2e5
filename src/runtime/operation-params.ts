/** What an operation may do to its tasks, checked as a whole. */
import { OrchestratorError } from '../base/errors.ts';
import {
  InvalidRequestError,
  OPERATION_TEXT_MAX,
  type OperationBody,
  type RedriveParams,
} from '../contract/index.ts';
import type { OperationParams } from '../core/index.ts';

/** Fields that an action takes, and of which it needs one. */
const TAKES: Readonly<Record<OperationBody['action'], readonly (keyof RedriveParams)[]>> = {
  cancel: [],
  retry: [],
  purge: [],
  reprioritise: ['queue', 'priority', 'requires'],
  redrive: ['queue', 'priority', 'requires', 'payload', 'patch', 'resetAttempts', 'avoidAgents'],
};

/** @throws InvalidRequestError; OrchestratorError `PAYLOAD_TOO_LARGE` */
export function operationParams(body: OperationBody): OperationParams {
  const { action, params = {}, query, sample } = body;
  if (query.trim() === '') {
    // A script's variable that is not set must not mean everything.
    throw new InvalidRequestError('/query', 'must say which tasks; id:* means all of them');
  }
  const takes = TAKES[action];
  const names = Object.keys(params) as (keyof RedriveParams)[];
  for (const name of names) {
    if (takes.includes(name)) continue;
    const known = takes.length === 0 ? 'no params' : `only ${takes.join(', ')}`;
    throw new InvalidRequestError(`/params/${name}`, `must be absent: ${action} takes ${known}`);
  }
  if (action === 'reprioritise' && names.length === 0) {
    throw new InvalidRequestError('/params', `must have at least one of ${takes.join(', ')}`);
  }
  if (sample !== undefined && sample > 1 && !Number.isInteger(sample)) {
    throw new InvalidRequestError('/sample', `must be a share below 1 or a number, got ${sample}`);
  }
  return redriveParams(params, OPERATION_TEXT_MAX, '/params');
}

/** The texts of a change, at most `textMax` UTF-16 units each. */
export function redriveParams(
  { avoidAgents, patch, payload, priority, queue, requires, resetAttempts }: RedriveParams,
  textMax: number,
  path = '',
): OperationParams {
  if (payload !== undefined && patch !== undefined) {
    throw new InvalidRequestError(`${path}/patch`, 'must be absent where there is a payload');
  }
  const text = (value: unknown, name: string): string => {
    const json = JSON.stringify(value);
    if (json.length <= textMax) return json;
    throw new OrchestratorError(
      'PAYLOAD_TOO_LARGE',
      `${path}/${name} must have at most ${textMax} characters as JSON, got ${json.length}`,
      { path: `${path}/${name}` },
    );
  };
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(priority === undefined ? {} : { priority }),
    ...(requires === undefined ? {} : { requires }),
    ...(payload === undefined ? {} : { payload: text(payload, 'payload') }),
    ...(patch === undefined ? {} : { patch: text(patch, 'patch') }),
    ...(resetAttempts === undefined ? {} : { resetAttempts }),
    ...(avoidAgents === undefined ? {} : { avoidAgents }),
  };
}
