import { readInteger, readObject, readOptional } from '../../payload.ts';

/** What a task may take. */
export interface Budget {
  /** Milliseconds from the start of the computation. */
  readonly timeMs: number;
  /** Bytes of states; Infinity leaves it to the agent. */
  readonly bytesMax: number;
}

const TIME_MS_DEFAULT = 600_000;
const TIME_MS_MAX = 86_400_000;

/** Default ten minutes, and as much memory as the agent has for a task. */
export function readBudget(value: unknown, path: string): Budget {
  const given = readOptional(value, path, (object) =>
    readObject(object, path, ['timeMs', 'bytes']),
  );
  const timeMs = readOptional(given?.['timeMs'], `${path}.timeMs`, (time, at) =>
    readInteger(time, at, { min: 1, max: TIME_MS_MAX }),
  );
  const bytesMax = readOptional(given?.['bytes'], `${path}.bytes`, (bytes, at) =>
    readInteger(bytes, at, { min: 1, max: Number.MAX_SAFE_INTEGER }),
  );
  return { timeMs: timeMs ?? TIME_MS_DEFAULT, bytesMax: bytesMax ?? Infinity };
}
