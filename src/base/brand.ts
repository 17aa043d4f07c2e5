declare const tag: unique symbol;

/** A `Base` that cannot be mixed up with another brand of the same base; costs nothing at run time. */
export type Branded<Base, Tag extends string> = Base & { readonly [tag]: Tag };
