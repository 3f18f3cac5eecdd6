// Operations on data models: documents of the Broadband Forum, and what was learned from devices.
import { MAX_DOCUMENT_BYTES } from '../../../shared/model/document-limits.ts';
import { UserError } from '../../errors.ts';
import type { ModelMarks } from '../../fleet/models/given-model.ts';
import type { CallContext, IncomingBytes, Operation, OperationInput, OperationOutput } from '../operation.ts';
import { none, ok, param } from '../operation.ts';
import * as schemas from '../schemas/models.ts';
import { modelItemView, modelView } from '../views/models.ts';

const tooLarge = (): UserError =>
  new UserError(413, 'model-too-large', `a data-model document has at most ${MAX_DOCUMENT_BYTES} bytes`);

/** @throws UserError 413 */
async function readAll({ content, announced = 0 }: IncomingBytes): Promise<Buffer> {
  if (announced > MAX_DOCUMENT_BYTES) throw tooLarge();
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of content) {
    size += part.length;
    if (size > MAX_DOCUMENT_BYTES) throw tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function putModel(input: OperationInput, { fleet, edit }: CallContext): Promise<OperationOutput> {
  const source = await readAll(input.body as IncomingBytes);
  const { about, isNew } = await fleet.modelCatalogue.put(
    param(input, 'name'),
    source,
    input.query as ModelMarks,
    edit,
  );
  return { status: isNew ? 201 : 200, body: modelView(about) };
}

async function getModel(input: OperationInput, { fleet, caller }: CallContext): Promise<OperationOutput> {
  const { prefix = '', find = '', limit = 500 } = input.query as { prefix?: string; find?: string; limit?: number };
  const { about, items } = await fleet.modelCatalogue.get(param(input, 'name'));
  const word = find.toLowerCase();
  const found = items.filter(
    ({ path }) => path.startsWith(prefix) && path.toLowerCase().includes(word) && caller.mayRead(path),
  );
  return ok({ ...modelView(about), items: found.slice(0, limit).map(modelItemView), total: found.length });
}

export const models: readonly Operation[] = [
  {
    name: 'listModels',
    summary: 'Lists data models: built-in ones, given documents, and what was learned from devices',
    method: 'GET',
    path: '/models',
    role: 'viewer',
    scope: 'none',
    parameters: 'none',
    answers: { 200: schemas.models },
    run: async (_input, { fleet }) => ok({ items: (await fleet.modelCatalogue.list()).map(modelView) }),
  },
  {
    name: 'putModel',
    summary: "Stores a data model: the body is a document in the Broadband Forum's format",
    method: 'PUT',
    path: '/models/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'sets-any',
    entity: { kind: 'model' },
    query: schemas.putQuery,
    body: 'bytes',
    answers: { 200: schemas.model, 201: schemas.model },
    problems: { 409: 'There are too many documents', 413: 'The document exceeds 8 MB' },
    run: putModel,
  },
  {
    name: 'getModel',
    summary: 'Reads the parameters and objects of a data model',
    method: 'GET',
    path: '/models/:name',
    role: 'viewer',
    scope: 'none',
    parameters: 'checked',
    entity: { kind: 'model' },
    query: schemas.readQuery,
    answers: { 200: schemas.modelItems },
    problems: { 404: 'No such data model' },
    run: getModel,
  },
  {
    name: 'deleteModel',
    summary: 'Deletes a given data model, or forgets what was learned',
    method: 'DELETE',
    path: '/models/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'sets-any',
    entity: { kind: 'model' },
    answers: { 204: 'nothing' },
    problems: { 404: 'No such data model', 409: 'The model is built in' },
    run: async (input, { fleet, edit }) => {
      await fleet.modelCatalogue.remove(param(input, 'name'), edit);
      return none;
    },
  },
];
