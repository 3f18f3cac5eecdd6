// The operations on versions of an object, made from the operations that read and write the object: their rights are the same.
import { UserError } from '../../errors.ts';
import type { DocumentVersion, VersionEntry, VersionedKind } from '../../store/document-versions.ts';
import type { CallContext, Operation, OperationInput } from '../operation.ts';
import { ok } from '../operation.ts';
import * as schemas from '../schemas/versions.ts';
import { iso } from '../views/times.ts';
import { changesBetween, type Side } from './changes.ts';

type View = Record<string, unknown>;

/** An object whose versions are kept. */
export interface VersionedObject {
  /** The object in names of operations and in texts: `Preset`, `a preset`. */
  noun: string;
  phrase: string;
  kind: VersionedKind;
  /** Its name, where no parameter of the path names it. */
  name?: string;
  reader: Operation;
  writer: Operation;
  /** The stored body as the input of the writer, with secrets in plain text. */
  input(body: unknown, context: CallContext): View;
  /** The reason why a stored body cannot be restored as it was; undefined where it can. */
  unreadable?(body: unknown): string | undefined;
  /** The same as callers see it. */
  view(body: unknown, context: CallContext): View;
}

const entryView = ({ name: _name, generation, changed, author, ...entry }: VersionEntry): View => ({
  version: generation,
  time: iso(changed),
  author: author ?? null,
  ...entry,
});

/** The operations on the versions of an object. */
export function versionOperations(object: VersionedObject): Operation[] {
  const { noun, phrase, kind, name, reader, writer } = object;
  const { path, role, scope, parameters } = reader;
  const rights = { role, scope, parameters };
  const { body: _body, ...writing } = writer;
  const named = (input: OperationInput): string => name ?? input.params.name ?? '';
  const find = (input: OperationInput, context: CallContext, version: number): Promise<DocumentVersion> =>
    versionOf(object, named(input), version, context);
  const problems = { 404: 'No such object, or no such version' };
  return [
    {
      name: `list${noun}Versions`,
      summary: `Lists the versions of ${phrase}, the newest first, also of one that is deleted`,
      method: 'GET',
      path: `${path}/versions`,
      ...rights,
      answers: { 200: schemas.versions },
      problems,
      run: async (input, context) => {
        const found = await context.store.versions(kind, named(input));
        // It answers that there is no such object.
        if (found.length === 0) await reader.run({ ...input, query: {} }, context);
        return ok({ items: found.map((entry, at) => ({ ...entryView(entry), ...currentMark(entry, at) })) });
      },
    },
    {
      name: `compare${noun}Versions`,
      summary: `Compares two versions of ${phrase}: the changed fields, with their parameters`,
      method: 'GET',
      path: `${path}/versions/compare`,
      ...rights,
      query: schemas.compareQuery,
      answers: { 200: schemas.comparison },
      problems,
      run: async (input, context) => ok(await comparison(object, named(input), input.query, context)),
    },
    {
      name: `get${noun}Version`,
      summary: `Reads a version of ${phrase}`,
      method: 'GET',
      path: `${path}/versions/:version`,
      ...rights,
      answers: { 200: schemas.version },
      problems,
      run: async (input, context) => {
        const { body, ...entry } = await find(input, context, numberIn(input));
        return ok({ ...entryView(entry), ...(body === undefined ? {} : { content: object.view(body, context) }) });
      },
    },
    {
      ...writing,
      name: `restore${noun}Version`,
      summary: `Makes a version of ${phrase} the newest one, under the conditions of ${writer.name}; a deleted one returns`,
      method: 'POST',
      path: `${path}/versions/:version/restore`,
      problems: { ...writer.problems, ...problems },
      run: async (input, context) => {
        const { body, generation } = await find(input, context, numberIn(input));
        if (body === undefined)
          throw new UserError(
            404,
            'no-such-version',
            `version ${generation} is a deletion: there is nothing to restore`,
          );
        const reason = object.unreadable?.(body);
        if (reason !== undefined) throw new UserError(400, 'bad-input', `version ${generation}: ${reason}`);
        context.edit.remark(`restored from version ${generation}`);
        return await writer.run({ ...input, body: object.input(body, context) }, context);
      },
    },
  ];
}

/** The operation that lists the names of which only versions are left. @param path of the collection */
export const deletedOperation = ({ noun, phrase, kind, reader }: VersionedObject, path: string): Operation => ({
  name: `listDeleted${noun}s`,
  summary: `Lists names that had ${phrase} and still have its versions, those deleted last first`,
  method: 'GET',
  path: `/deleted${path}`,
  role: reader.role,
  scope: reader.scope,
  parameters: reader.parameters,
  answers: { 200: schemas.deleted },
  run: async (_input, { store }) =>
    ok({ items: (await store.deletedDocuments(kind)).map(entry => ({ name: entry.name, ...entryView(entry) })) }),
});

const currentMark = ({ deleted }: VersionEntry, at: number): View => (at === 0 && !deleted ? { current: true } : {});

/** NaN for what is no number: there is no such version. */
const numberIn = ({ params: { version = '' } }: OperationInput): number =>
  /^\d{1,15}$/.test(version) ? Number(version) : Number.NaN;

/** @throws UserError 404 */
async function versionOf(
  { kind, phrase }: VersionedObject,
  name: string,
  version: number,
  { store }: CallContext,
): Promise<DocumentVersion> {
  const found = Number.isNaN(version) ? undefined : await store.version(kind, name, version);
  if (found) return found;
  throw new UserError(404, 'no-such-version', `no such version of ${phrase} '${name}' is kept`);
}

async function comparison(
  object: VersionedObject,
  name: string,
  query: { from?: number; to?: number },
  context: CallContext,
): Promise<View> {
  const kept = await context.store.versions(object.kind, name);
  const to = query.to ?? kept[0]?.generation ?? Number.NaN;
  const from = query.from ?? kept.find(({ generation }) => generation < to)?.generation;
  const side = async (version: number | undefined): Promise<Side> => {
    const { body } = version === undefined ? { body: undefined } : await versionOf(object, name, version, context);
    if (body === undefined) return { plain: {}, shown: {} };
    return { plain: object.input(body, context), shown: object.view(body, context) };
  };
  return { from: from ?? null, to, ...changesBetween(await side(from), await side(to)) };
}
