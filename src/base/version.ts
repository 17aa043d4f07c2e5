/** The version of this package; `npm version` and the tidy check keep it equal to package.json's. */
export const VERSION = '0.1.0';
