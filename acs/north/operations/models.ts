// Operations on data models: documents of the Broadband Forum, and what was learned from devices.
import { MAX_DOCUMENT_BYTES } from '../../../shared/model/document-limits.ts';
import { UserError } from '../../errors.ts';
import type { Caller } from '../../fleet/access/caller.ts';
import type { ModelMarks } from '../../fleet/models/given-model.ts';
import { parameterCursor, readCursor } from '../../store/paging.ts';
import { gathered } from '../bounded-bytes.ts';
import type { CallContext, IncomingBytes, Operation, OperationInput, OperationOutput } from '../operation.ts';
import { noDevice, none, ok, param } from '../operation.ts';
import * as schemas from '../schemas/models.ts';
import { modelItemView, modelView } from '../views/models.ts';

/** Paths in one query. */
const MAX_PATHS = 200;

const tooLarge = (): UserError =>
  new UserError(413, 'model-too-large', `a data-model document has at most ${MAX_DOCUMENT_BYTES} bytes`);

/** @throws UserError 413 */
async function readAll({ content, announced = 0 }: IncomingBytes): Promise<Buffer> {
  if (announced > MAX_DOCUMENT_BYTES) throw tooLarge();
  return await gathered(content, MAX_DOCUMENT_BYTES, tooLarge);
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

interface PathQuery {
  find?: string;
  limit?: number;
  cursor?: string;
}

/** One page of what is found, in the order of paths. @throws UserError 400 `bad-cursor` */
function pageOf<T extends { path: string }>(
  items: readonly T[],
  { find = '', limit = 500, cursor }: PathQuery,
  { mayRead }: Pick<Caller, 'mayRead'>,
): { page: T[]; total: number; next: string | null } {
  const after = cursor === undefined ? '' : readCursor(cursor, 'path').id;
  const word = find.toLowerCase();
  const found = items.filter(({ path }) => path.toLowerCase().includes(word) && mayRead(path.replaceAll('{i}', '*')));
  const rest = after === '' ? found : found.filter(({ path }) => path > after);
  const page = rest.slice(0, limit);
  const last = rest.length > limit ? page.at(-1) : undefined;
  return { page, total: found.length, next: last ? parameterCursor(last.path) : null };
}

async function getDeviceModel(input: OperationInput, { fleet, caller }: CallContext): Promise<OperationOutput> {
  const { path = '', ...query } = input.query as PathQuery & { path?: string };
  const paths = path.split(',');
  if (paths.length > MAX_PATHS)
    throw new UserError(400, 'bad-input', `query.path: has ${paths.length} paths, at most ${MAX_PATHS} are allowed`);
  const { product, isComplete, items } = await fleet.deviceModels.read(param(input), paths);
  const { page, total, next } = pageOf(items, query, caller);
  const { oui, productClass, softwareVersion } = product;
  return ok({
    ...{ device: param(input), product: { oui, productClass, softwareVersion }, complete: isComplete },
    ...{ items: page.map(modelItemView), total, next },
  });
}

async function getModel(input: OperationInput, { fleet, caller }: CallContext): Promise<OperationOutput> {
  const { prefix = '', ...query } = input.query as PathQuery & { prefix?: string };
  const { about, items } = await fleet.modelCatalogue.get(param(input, 'name'));
  const below = items.filter(({ path }) => path.startsWith(prefix));
  const { page, total, next } = pageOf(below, query, caller);
  return ok({ ...modelView(about), items: page.map(modelItemView), total, next });
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
    isTagged: true,
    query: schemas.readQuery,
    answers: { 200: schemas.modelItems },
    problems: { 404: 'No such data model' },
    run: getModel,
  },
  {
    name: 'getDeviceModel',
    summary: 'Reads the data model of a device: what its product is known to have, and how sure that is',
    method: 'GET',
    path: '/devices/:id/model',
    role: 'viewer',
    scope: 'device',
    parameters: 'checked',
    isTagged: true,
    query: schemas.deviceModelQuery,
    answers: { 200: schemas.deviceModel },
    problems: noDevice,
    run: getDeviceModel,
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
