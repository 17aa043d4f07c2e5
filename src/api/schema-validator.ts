/** Checks what comes in by the contract's schemas, which are also what the documentation shows. */
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { describeFault } from '../contract/index.ts';

interface SchemaPlace {
  readonly schema: TSchema;
  readonly httpPart?: string | undefined;
}

type Validated = { readonly value: unknown } | { readonly error: Error };

/** Where a fault stands, as the beginning of a JSON Pointer; a body's pointers begin at the body. */
const PREFIXES: Readonly<Record<string, string>> = {
  querystring: '/query',
  params: '/params',
  headers: '/headers',
};

/** The compiler of fastify: one check per schema, compiled when it is first used. */
export function validatorOf(place: SchemaPlace): (value: unknown) => Validated {
  const { schema, httpPart = 'body' } = place;
  const prefix = PREFIXES[httpPart] ?? '';
  const prepare = preparation(schema, httpPart);
  let checker: ReturnType<typeof Compile> | null = null;
  return (value) => {
    checker ??= Compile(schema);
    const prepared = prepare(value);
    if (checker.Check(prepared)) return { value: prepared };
    return { error: describeFault(checker.Errors(prepared), prefix) };
  };
}

function preparation(schema: TSchema, httpPart: string): (value: unknown) => unknown {
  if (httpPart === 'querystring') return (value) => readQuery(schema, value);
  if (httpPart !== 'body') return (value) => value;
  const { required } = schema as { readonly required?: readonly string[] };
  const mayBeAbsent = required === undefined || required.length === 0;
  return (value) => (mayBeAbsent ? (value ?? {}) : value);
}

/** Query values are texts: those that their schema wants as numbers become numbers where they are. */
function readQuery(schema: TSchema, query: unknown): unknown {
  const { properties = {} } = schema as {
    readonly properties?: Readonly<Record<string, { readonly type?: string }>>;
  };
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(query as Readonly<Record<string, unknown>>)) {
    const isInteger = properties[name]?.type === 'integer';
    const isNumeric = isInteger && typeof value === 'string' && /^-?\d{1,15}$/.test(value);
    read[name] = isNumeric ? Number(value) : value;
  }
  return read;
}
