// What goes wrong, and who did what.
import { UserError } from '../../errors.ts';
import type { Operation } from '../operation.ts';
import { none, ok, param } from '../operation.ts';
import * as schemas from '../schemas/core.ts';
import { auditView, faultView } from '../views/core.ts';

const { answers } = schemas;

export const records: readonly Operation[] = [
  {
    name: 'listFaults',
    summary: 'What keeps devices from what is wanted',
    method: 'GET',
    path: '/faults',
    role: 'viewer',
    answers: { 200: answers.faults },
    run: async (_input, { store }) => ok({ items: (await store.faults(500)).map(faultView) }),
  },
  {
    name: 'deleteFault',
    summary: 'Clears a fault, so that it is tried again at the next session',
    method: 'DELETE',
    path: '/faults/:id',
    role: 'operator',
    answers: { 204: 'nothing' },
    problems: { 404: 'No such fault' },
    run: async (input, { store }) => {
      const fault = (await store.faults(100_000)).find(entry => entry.id === param(input));
      if (!fault) throw new UserError(404, 'no-such-fault', `no fault '${param(input)}'`);
      await store.apply(fault.device, 'faultCleared', { id: fault.id });
      return none;
    },
  },
  {
    name: 'listAudit',
    summary: 'Who changed what by the API, newest first: every call that could change something, also refused ones',
    method: 'GET',
    path: '/audit',
    role: 'admin',
    query: schemas.auditQuery,
    answers: { 200: answers.audit },
    run: async ({ query }, { store }) => {
      const { limit = 100, cursor } = query as { limit?: number; cursor?: string };
      const { items, next } = await store.audit({ limit, ...(cursor === undefined ? {} : { cursor }) });
      return ok({ items: items.map(auditView), next: next ?? null });
    },
  },
];
