/** For processes that tests start from sources: docs/decisions/0010-webassembly-in-threads.md. */
export const NODE_FLAGS: readonly string[] = ['--wasm-wrapper-tiering-budget=1000000000'];
