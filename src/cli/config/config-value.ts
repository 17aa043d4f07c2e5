import { formatBytes, parseBytes } from '../../base/byte-size.ts';
import { formatDuration, parseDurationMs } from '../../base/duration.ts';
import { nearest } from '../../base/nearest.ts';
import { usageError } from '../usage-error.ts';
import type { ConfigKey } from './config-key.ts';

export type ConfigValue = string | number | boolean;

/**
 * Reads a setting from what a flag, a variable or the file gave.
 *
 * @param origin - where it was given, for the message
 * @throws OrchestratorError `CONFIG_INVALID`, `NOT_BUILT`
 */
export function readConfigValue(key: ConfigKey, given: unknown, origin: string): ConfigValue {
  const refuse = (rule: string): never => {
    throw usageError(
      'CONFIG_INVALID',
      `${key.name} must be ${rule}, got ${show(given)} (${origin})`,
    );
  };
  switch (key.type) {
    case 'text':
      return typeof given === 'string' && (given !== '' || key.mayBeEmpty === true)
        ? given
        : refuse('a text');
    case 'boolean':
      return readBoolean(given) ?? refuse('true or false');
    case 'integer':
      return within(readInteger(given), key) ?? refuse(`an integer from ${key.min} to ${key.max}`);
    case 'share':
      return within(readShare(given), key) ?? refuse(`a number from ${key.min} to ${key.max}`);
    case 'duration': {
      const range = `from ${formatDuration(key.min)} to ${formatDuration(key.max)}`;
      const parsed = typeof given === 'string' || given === 0 ? parseDurationMs(`${given}`) : null;
      return within(parsed, key) ?? refuse(`a duration such as 250ms, 30s or 1h30m, ${range}`);
    }
    case 'bytes': {
      const range = `from ${formatBytes(key.min)} to ${formatBytes(key.max)}`;
      const parsed =
        typeof given === 'string' || typeof given === 'number' ? parseBytes(`${given}`) : null;
      return within(parsed, key) ?? refuse(`a size such as 512KiB or 16MiB, ${range}`);
    }
    default:
      return readChoice(key, given, origin);
  }
}

/** A setting as it would be written in the file. */
export function showConfigValue(key: ConfigKey, value: ConfigValue): string {
  if (key.type === 'duration') return formatDuration(value as number);
  if (key.type === 'bytes') return formatBytes(value as number).replace(' ', '');
  return String(value);
}

function readChoice(
  key: ConfigKey & { readonly type: 'choice' },
  given: unknown,
  origin: string,
): string {
  const text = typeof given === 'string' ? given : '';
  if (key.notBuilt?.includes(text) === true) {
    const built = key.choices.filter((choice) => key.notBuilt?.includes(choice) !== true);
    throw usageError(
      'NOT_BUILT',
      `${key.name} must be ${built.join(' or ')}, got ${text} (${origin}), which is planned and not built yet`,
    );
  }
  if (key.choices.includes(text)) return text;
  const like = nearest(text, key.choices);
  throw usageError(
    'CONFIG_INVALID',
    `${key.name} must be one of ${key.choices.join(', ')}, got ${show(given)} (${origin})`,
    like === null ? null : `did you mean ${like}?`,
  );
}

function readBoolean(given: unknown): boolean | null {
  if (typeof given === 'boolean') return given;
  if (given === 'true' || given === '1') return true;
  return given === 'false' || given === '0' ? false : null;
}

function readInteger(given: unknown): number | null {
  if (typeof given === 'number') return Number.isInteger(given) ? given : null;
  return typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : null;
}

function readShare(given: unknown): number | null {
  if (typeof given === 'number') return Number.isFinite(given) ? given : null;
  return typeof given === 'string' && /^\d*\.?\d+$/.test(given) ? Number(given) : null;
}

function within(
  value: number | null,
  key: { readonly min: number; readonly max: number },
): number | null {
  return value !== null && value >= key.min && value <= key.max ? value : null;
}

function show(given: unknown): string {
  return JSON.stringify(given) ?? String(given);
}
