/** Longest note of a progress, in UTF-16 units. */
const NOTE_MAX = 1_000;

/** What a handler says of its progress, made fit to be sent: a handler's slip must not end its connection. */
export function progressFacts(
  fraction: unknown,
  note: unknown,
): { readonly fraction: number | null; readonly note: string | null } {
  const share = typeof fraction === 'number' ? fraction : Number.NaN;
  return {
    fraction: Number.isNaN(share) ? null : Math.min(1, Math.max(0, share)),
    note: typeof note === 'string' ? note.slice(0, NOTE_MAX) : null,
  };
}
