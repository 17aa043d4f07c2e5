/** Lengths of time as people write them: `30s`, `1h30m`. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
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
