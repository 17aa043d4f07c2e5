/** JSON Merge Patch, RFC 7396. */

/**
 * The document with the patch applied; neither is changed.
 *
 * Members of the patch replace those of the document, objects are merged, and null takes a member away.
 * O(size of both), and recursive: give it JSON whose depth was checked.
 */
export function mergePatch(document: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map<string, unknown>(isObject(document) ? Object.entries(document) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
