// Shapes that all lists have in common: their query, and their answer.
import { type TProperties, type TSchema, Type } from 'typebox';
import { choice, closed, nullable, optional, text, time } from './common.ts';

const MAX_PAGE = 1000;

export const paged = {
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
