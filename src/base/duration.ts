/** Lengths of time and sizes as people write them: `30s`, `1h30m`, `16MiB`. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/gy;

/**
 * Milliseconds of a duration such as `250ms`, `30s`, `1.5h` or `1h30m`; null for anything else.
 *
 * A number without a unit is refused, but `0`: `30` could be seconds or milliseconds.
 */
export function parseDurationMs(text: string): number | null {
  if (text === '0') return 0;
  PART.lastIndex = 0;
  let totalMs = 0;
  let end = 0;
  for (let part = PART.exec(text); part !== null; part = PART.exec(text)) {
    totalMs += Number(part[1]) * (UNIT_MS[part[2] as string] as number);
    end = PART.lastIndex;
  }
  const isWhole = end === text.length && end > 0;
  const rounded = Math.round(totalMs);
  return isWhole && Number.isSafeInteger(rounded) ? rounded : null;
}

/** The shortest text that {@link parseDurationMs} reads back as `ms`, largest unit first. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0';
  let rest = ms;
  let text = '';
  for (const [unit, size] of Object.entries(UNIT_MS).toReversed()) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

/** Bytes of a size such as `512`, `64KiB`, `1.5MiB`; null for anything else. */
export function parseBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?) ?(|B|KiB|MiB|GiB)$/.exec(text);
  if (match === null) return null;
  const bytes = Number(match[1]) * (UNIT_BYTES[match[2] as string] as number);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** A size in the largest unit that keeps it readable: `1 MiB`, `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toFixed(1))} ${units[unit]}`;
}
