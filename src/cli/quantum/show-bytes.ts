const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** A size for people: `12 bytes`, `1.5 GiB`. */
export function showBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  if (value >= 10_000) return `${value.toExponential(1)} ${UNITS[power]}`;
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power]}`;
}
