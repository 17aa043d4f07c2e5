/** Any value JSON can carry. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Bounds on the shape of a JSON value that comes from outside. */
export const JSON_DEPTH_MAX = 64;
export const JSON_KEYS_MAX = 10_000;

/** A shape that is refused, and where it stands. */
export interface JsonFault {
  /** JSON Pointer (RFC 6901) into the checked value. */
  readonly path: string;
  readonly message: string;
}

/**
 * Finds the first place where a parsed JSON value is too deep, has too many keys in one object, or
 * uses the key `__proto__`. Returns null when it is fine. O(size), without recursion.
 */
export function findJsonFault(value: unknown): JsonFault | null {
  if (typeof value !== 'object' || value === null) return null;
  const open: { readonly value: object; readonly path: string; readonly depth: number }[] = [
    { value, path: '', depth: 1 },
  ];
  for (let frame = open.pop(); frame !== undefined; frame = open.pop()) {
    const { path, depth } = frame;
    if (depth > JSON_DEPTH_MAX) {
      return { path, message: `must be nested at most ${JSON_DEPTH_MAX} levels deep` };
    }
    const keys = Object.keys(frame.value);
    if (keys.length > JSON_KEYS_MAX && !Array.isArray(frame.value)) {
      return { path, message: `must have at most ${JSON_KEYS_MAX} keys, got ${keys.length}` };
    }
    for (const key of keys) {
      if (key === '__proto__') return { path: `${path}/__proto__`, message: 'must not be a key' };
      const inner = (frame.value as Record<string, unknown>)[key];
      if (typeof inner === 'object' && inner !== null) {
        open.push({ value: inner, path: `${path}/${escapePointer(key)}`, depth: depth + 1 });
      }
    }
  }
  return null;
}

/**
 * Finds the first place where a value is not what JSON can carry: another kind of object, a BigInt, a
 * function, a number that is not finite, or a shape that {@link findJsonFault} refuses. O(size).
 */
export function findPlainFault(value: unknown): JsonFault | null {
  // First: it bounds the depth, so that the walk below ends even for a cycle.
  const shape = findJsonFault(value);
  if (shape !== null) return shape;
  const open: { readonly value: unknown; readonly path: string }[] = [{ value, path: '' }];
  for (let frame = open.pop(); frame !== undefined; frame = open.pop()) {
    const { path } = frame;
    if (!isPlain(frame.value)) return { path, message: 'must be JSON' };
    if (typeof frame.value !== 'object' || frame.value === null) continue;
    for (const [key, inner] of Object.entries(frame.value)) {
      open.push({ value: inner, path: `${path}/${escapePointer(key)}` });
    }
  }
  return null;
}

function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object': {
      if (value === null || Array.isArray(value)) return true;
      const prototype: unknown = Object.getPrototypeOf(value);
      return prototype === null || Object.getPrototypeOf(prototype) === null;
    }
    default:
      return false;
  }
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
