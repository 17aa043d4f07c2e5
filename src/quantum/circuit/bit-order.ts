/** How bits of a number are printed: qubit or bit 0 on the right, as in most tools, or on the left. */
export type BitPrinting = 'q0-right' | 'q0-left';

/** The one order that all results here have, in words. */
export const BIT_ORDER =
  "qubit 0 is the least significant bit of a basis state's number and the rightmost of a bitstring";

/** A number's low bits as digits 0 and 1; bit 0 is rightmost, or leftmost where asked for. */
export function formatBits(
  value: number | bigint,
  length: number,
  printing: BitPrinting = 'q0-right',
): string {
  if (length === 0) return '';
  const low = value >= 0 && value < 2 ** length ? value : BigInt.asUintN(length, BigInt(value));
  const digits = low.toString(2).padStart(length, '0');
  return printing === 'q0-right' ? digits : Array.from(digits).toReversed().join('');
}
