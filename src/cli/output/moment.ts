/** How long ago a moment was, or how far ahead it is, in the two largest units: `3m 20s ago`, `in 5s`. */
export function relativeMoment(iso: string | null | undefined, nowMs: number): string | null {
  if (iso == null) return null;
  const differenceMs = nowMs - Date.parse(iso);
  if (Number.isNaN(differenceMs)) return iso;
  const span = showSpan(Math.abs(differenceMs));
  return differenceMs >= 0 ? `${span} ago` : `in ${span}`;
}

/** A length of time for people, to two units: `950ms`, `4.2s`, `3m 20s`, `2d 4h`. */
export function showSpan(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${seconds % 60}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h ${minutes % 60}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}
