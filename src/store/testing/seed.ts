/** The seed that the environment asks property tests to use, if any. */
const SEED = process.env['SEED'];
export const seeded: { readonly seed?: number } = SEED === undefined ? {} : { seed: Number(SEED) };
