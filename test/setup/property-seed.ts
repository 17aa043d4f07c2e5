/** Property tests of a tree draw the same cases wherever it is checked: docs/decisions/0037. */
import fc from 'fast-check';

const seed = process.env['PROPERTY_SEED'];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
