// Building blocks of the API's JSON Schemas.
import { type TLiteral, type TProperties, type TSchema, type TUnion, Type } from 'typebox';

export const { Optional: optional } = Type;
export const text = (description: string): ReturnType<typeof Type.String> => Type.String({ description });
export const closed = <P extends TProperties>(properties: P, description?: string): ReturnType<typeof Type.Object<P>> =>
  Type.Object(properties, { additionalProperties: false, ...(description === undefined ? {} : { description }) });
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
/** One of these texts; a literal of all of them stands for the union in types. */
export const choice = <T extends string>(values: readonly T[], description?: string) =>
  Type.Union(
    values.map(value => Type.Literal(value)),
    description === undefined ? {} : { description },
  ) as TSchema as TUnion<[TLiteral<T>]>;
export const list = (items: TSchema) => Type.Object({ items: Type.Array(items) });
export const time = Type.String({ format: 'date-time' });
export const texts = Type.Array(Type.String());
export const byName = Type.Record(Type.String(), Type.String());
/** The query of a search whose result comes in pages. */
export const page = { limit: optional(Type.Integer({ minimum: 1, maximum: 500 })), cursor: optional(Type.String()) };
export const force = optional(
  Type.Boolean({ description: 'Carry out the change even if enrolled devices would lose the ACS' }),
);
export const forceQuery = closed({ force });

/** The wish to be told what a call would change. */
export const dryRunWish = optional(
  Type.Boolean({ description: 'Say what would change and what is wrong, and change nothing' }),
);

const MAX_PAGE = 1000;

const paged = {
  limit: optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_PAGE,
      description: 'Entries of a page; of CSV, which has all pages, at most so many',
    }),
  ),
  cursor: optional(text('`next` of the page before, with the same filter and order')),
};

/** The query of a list. @param own what it is filtered and sorted by */
export const listQuery = <P extends TProperties>(own: P) =>
  closed({
    ...own,
    fields: optional(text('Only these fields, separated by commas; dots lead to what lies within')),
    ...paged,
    count: optional(Type.Boolean({ description: 'With the number of all entries that fit' })),
    format: optional(choice(['json', 'csv'], 'Default: as Accept says, else json')),
    separator: optional(choice([',', ';'], 'Of CSV')),
  });

const picked = Type.Object({}, { description: 'With `fields`: the values by the names that were asked for' });

/** The answer of a list. */
export const listOf = (entry: TSchema) =>
  Type.Object({
    items: Type.Array(Type.Union([entry, picked])),
    next: nullable(text('The cursor of the next page; null on the last')),
    total: optional(Type.Integer({ description: 'With `count`: the number of all entries that fit' })),
    exact: optional(Type.Boolean({ description: 'With `count`: the number is that of now' })),
    countedAt: optional(time),
  });
