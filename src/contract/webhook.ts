/** What an agent answers that is called with a task. */
import Type, { type Static } from 'typebox';
import { CompleteLease, FailLease } from './agent.ts';

const { fencingToken: _token, error, ...failure } = FailLease.properties;
const { result, usage } = CompleteLease.properties;

/** The body of a call that was answered with 200: how the attempt ended. */
export const WebhookAnswer = Type.Union(
  [
    Type.Object({ error, ...failure }, { additionalProperties: false }),
    Type.Object({ result, usage }, { additionalProperties: false }),
  ],
  { title: 'WebhookAnswer' },
);
export type WebhookAnswer = Static<typeof WebhookAnswer>;
