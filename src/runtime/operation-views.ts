/** How operations and groups of failures are shown to the outside. */
import type { FailureGroupView, OperationView, RedriveParams } from '../contract/index.ts';
import type { FailureGroup, Operation, OperationParams } from '../core/index.ts';
import { iso } from './views.ts';

export function operationView(operation: Operation): OperationView {
  const { done, endedAt, endedBy, endedWhy, key, order, refused, startedAt, state } = operation;
  const { action, by, group, matched, params, query, rate, reason } = order;
  return {
    id: key,
    action,
    query,
    ...(group === null ? {} : { group }),
    state,
    by,
    ...(reason === null ? {} : { reason }),
    ...(rate === 0 ? {} : { rate }),
    ...(Object.keys(params).length === 0 ? {} : { params: paramsView(params) }),
    startedAt: iso(startedAt),
    ...(endedAt === 0 ? {} : { endedAt: iso(endedAt) }),
    ...(endedBy === null ? {} : { endedBy }),
    ...(endedWhy === null ? {} : { endedReason: endedWhy }),
    matched,
    done,
    refused,
    // Tasks may cease to match, or begin to, before their turn comes.
    remaining: state === 'completed' ? 0 : Math.max(0, matched - done - refused),
  };
}

function paramsView({
  avoidAgents,
  patch,
  payload,
  requires,
  ...rest
}: OperationParams): RedriveParams {
  const { agent, capabilities, labels } = requires ?? {};
  const needs = {
    ...(capabilities === undefined ? {} : { capabilities: [...capabilities] }),
    ...(labels === undefined ? {} : { labels }),
    ...(agent === undefined ? {} : { agent }),
  };
  return {
    ...rest,
    ...(avoidAgents === undefined
      ? {}
      : { avoidAgents: avoidAgents === 'failed' ? avoidAgents : [...avoidAgents] }),
    ...(requires === undefined ? {} : { requires: needs }),
    ...(payload === undefined ? {} : { payload: JSON.parse(payload) as unknown }),
    ...(patch === undefined ? {} : { patch: JSON.parse(patch) as Record<string, unknown> }),
  };
}

export function failureGroupView(group: FailureGroup): FailureGroupView {
  const { by, code, count, exampleId, firstAt, key, lastAt, live, message, note, saidAt } = group;
  return {
    key,
    type: group.type,
    code,
    message,
    state: group.state,
    firstAt: iso(firstAt),
    lastAt: iso(lastAt),
    count,
    live,
    exampleId,
    ...(by === null ? {} : { by }),
    ...(note === null ? {} : { note }),
    ...(saidAt === 0 ? {} : { saidAt: iso(saidAt) }),
  };
}
