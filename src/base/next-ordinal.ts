/** The place of the next one after those named, as text; one that is named already is skipped. */
export function nextOrdinal(named: readonly string[]): string {
  let ordinal = named.length + 1;
  while (named.includes(String(ordinal))) ordinal += 1;
  return String(ordinal);
}
