// Operations on saved views of lists: each caller has its own, and reads those that others share.
import { type SavedView, viewKey } from '../../fleet/access/views/saved-views.ts';
import { type Entity, none, type Operation, ok, param } from '../operation.ts';
import * as schemas from '../schemas/access.ts';

const self = { role: 'viewer', scope: 'self', parameters: 'none' } as const;
const problems = { 404: 'No such view' };
/** The view of the caller; one of another author has no tag, because only its author changes it. */
const own: Entity = {
  kind: 'view',
  nameFor: (input, { principal }) => {
    const { author = principal.name } = input.query as { author?: string };
    return author === principal.name ? viewKey(principal, param(input, 'name')) : '';
  },
};

export const savedViews: readonly Operation[] = [
  {
    name: 'listViews',
    summary: 'Lists the views of the caller, and those that others share',
    method: 'GET',
    path: '/views',
    ...self,
    answers: { 200: schemas.views },
    run: async (_input, { fleet, caller }) => ok({ items: await fleet.access.views.list(caller.principal) }),
  },
  {
    name: 'getView',
    summary: 'Reads a view of the caller, or a shared one of another author',
    method: 'GET',
    path: '/views/:name',
    ...self,
    entity: own,
    query: schemas.viewQuery,
    answers: { 200: schemas.view },
    problems,
    run: async (input, { fleet, caller }) => {
      const { author } = input.query as { author?: string };
      return ok(await fleet.access.views.get(caller.principal, param(input, 'name'), author));
    },
  },
  {
    name: 'putView',
    summary: 'Saves a view of the caller: a filter with columns and order under a name',
    method: 'PUT',
    path: '/views/:name',
    ...self,
    entity: own,
    body: { json: schemas.viewInput },
    answers: { 200: schemas.view, 201: schemas.view },
    problems: { 409: 'There are too many views' },
    run: async (input, { fleet, caller, edit }) => {
      const name = param(input, 'name');
      const { q = '', cols = [], sort = '', shared = false } = input.body as Partial<SavedView>;
      const isNew = await fleet.access.views.put(caller.principal, name, { q, cols, sort, shared }, edit);
      return { status: isNew ? 201 : 200, body: await fleet.access.views.get(caller.principal, name) };
    },
  },
  {
    name: 'deleteView',
    summary: 'Deletes a view of the caller',
    method: 'DELETE',
    path: '/views/:name',
    ...self,
    entity: own,
    answers: { 204: 'nothing' },
    problems,
    run: async (input, { fleet, caller, edit }) => {
      await fleet.access.views.remove(caller.principal, param(input, 'name'), edit);
      return none;
    },
  },
];
