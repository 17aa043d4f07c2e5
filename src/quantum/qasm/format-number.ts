/** Denominators of π that are looked for, the smallest first. */
const DENOMINATORS = [1, 2, 3, 4, 5, 6, 8, 12, 16, 32, 64, 128, 256, 512, 1024];
const NUMERATOR_MAX = 64;

/** A number as OpenQASM reads it back exactly: fractions of π by name, else all digits it takes. */
export function formatAngle(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  for (const denominator of DENOMINATORS) {
    const numerator = Math.round((size / Math.PI) * denominator);
    if (numerator < 1 || numerator > NUMERATOR_MAX) continue;
    if ((numerator * Math.PI) / denominator !== size) continue;
    const times = numerator === 1 ? 'pi' : `${numerator}*pi`;
    return `${value < 0 ? '-' : ''}${times}${denominator === 1 ? '' : `/${denominator}`}`;
  }
  return formatReal(value);
}

/** A number with a decimal point, which OpenQASM 2 wants of numbers that have an exponent. */
export function formatReal(value: number): string {
  const [digits, exponent] = value.toString().split('e');
  const real = digits.includes('.') ? digits : `${digits}.0`;
  return exponent === undefined ? real : `${real}e${exponent.replace('+', '')}`;
}
