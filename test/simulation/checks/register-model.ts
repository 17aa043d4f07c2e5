import type { Model } from './linearizability.ts';

/** What clients ask of one key. Values are numbers; 0 is "never written". */
export type RegisterInput =
  | { readonly kind: 'get' }
  | { readonly kind: 'put'; readonly value: number }
  | { readonly kind: 'swap'; readonly expected: number; readonly value: number };

/** What was read, or for a swap whether it was done (1) or not (0); 0 for a put. */
export type RegisterOutput = number;

/** A register with compare-and-swap. */
export const registerModel: Model<number, RegisterInput, RegisterOutput> = {
  initial: 0,
  step(state, input, output) {
    switch (input.kind) {
      case 'get':
        return output === undefined || output === state ? state : undefined;
      case 'put':
        return input.value;
      case 'swap': {
        const isDone = state === input.expected;
        if (output !== undefined && output !== Number(isDone)) return undefined;
        return isDone ? input.value : state;
      }
    }
  },
  fingerprint: (state) => state,
};
