import fc from 'fast-check';

/** Makes property tests use the seed that the environment asks for, if any. */
export function useSeed(): void {
  const seed = process.env['SEED'];
  if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
}
