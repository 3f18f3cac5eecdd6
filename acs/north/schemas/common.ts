// Building blocks of the API's JSON Schemas.
import { type TProperties, type TSchema, Type } from 'typebox';

export const { Optional: optional } = Type;
export const text = (description: string): ReturnType<typeof Type.String> => Type.String({ description });
export const closed = <P extends TProperties>(properties: P): ReturnType<typeof Type.Object<P>> =>
  Type.Object(properties, { additionalProperties: false });
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const choice = <T extends string>(values: readonly T[], description?: string) =>
  Type.Union(
    values.map(value => Type.Literal(value)),
    description === undefined ? {} : { description },
  );
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
