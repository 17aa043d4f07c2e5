import { invariant } from '../base/invariant.ts';

type Json = unknown;
type JsonObject = Record<string, Json>;

/** Moves every schema with a title to `components/schemas`, once, and points to it from its places. */
export function nameSchemas(document: object): JsonObject {
  const schemas: JsonObject = {};
  const root = visit(document, schemas) as JsonObject;
  const components = (root['components'] ?? {}) as JsonObject;
  return { ...root, components: { ...components, schemas } };
}

function visit(value: Json, schemas: JsonObject): Json {
  if (Array.isArray(value)) return value.map((item) => visit(item, schemas));
  if (typeof value !== 'object' || value === null) return value;
  const seen: JsonObject = {};
  for (const [key, inner] of Object.entries(value)) {
    // Examples are data: what looks like a schema in them is none.
    seen[key] = key === 'examples' || key === 'example' ? inner : visit(inner, schemas);
  }
  const { title } = seen;
  if (typeof title !== 'string' || !isSchema(seen)) return seen;
  const { examples, ...named } = seen;
  const known = schemas[title] ?? named;
  invariant(
    JSON.stringify(known) === JSON.stringify(named),
    () => `schemas of the same title must be the same, got two of ${title}`,
  );
  schemas[title] = known;
  // The place of an example is where it was given, not every use of its schema.
  return {
    $ref: `#/components/schemas/${title}`,
    ...(examples === undefined ? {} : { examples }),
  };
}

function isSchema(value: JsonObject): boolean {
  return 'type' in value || 'anyOf' in value;
}
