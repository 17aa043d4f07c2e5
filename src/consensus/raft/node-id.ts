const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** True for a well-formed node or cluster id: 1–64 of `A-Z a-z 0-9 . _ -`. */
export function isNodeId(text: string): boolean {
  return NAME.test(text);
}
