// Operations on faults: what keeps devices from their wanted state, one by one or in groups.
import { UserError } from '../../../errors.ts';
import { namedKeys } from '../../../fleet/monitoring/fault-groups.ts';
import { assertTells } from '../../lists/devices.ts';
import { type FaultQuery, faultList, faultSearch } from '../../lists/faults.ts';
import { answerList } from '../../lists/list.ts';
import type { CallContext, Operation, OperationInput, OperationOutput } from '../../operation.ts';
import { none, ok, param } from '../../operation.ts';
import * as schemas from '../../schemas/faults.ts';
import { faultGroupView, faultView } from '../../views/faults.ts';

async function groups({ query }: OperationInput, context: CallContext): Promise<OperationOutput> {
  const { fleet, caller, show } = context;
  // The cause and the parameter may name what the caller must not know of.
  const kind = caller.readsAll ? 'cause,code,parameter' : 'code';
  const { by = kind, limit = 50, ...asked } = query as FaultQuery & { by?: string; limit?: number };
  for (const { key } of namedKeys(by)) if (typeof key !== 'string') assertTells(key, { caller, show });
  const found = await fleet.faults.groups({ ...(await faultSearch(asked, context)), by, limit }, caller);
  const { total, devices, omitted } = found;
  return ok({ total, devices, items: found.groups.map(group => faultGroupView(group, caller)), others: omitted });
}

export const faults: readonly Operation[] = [
  {
    name: 'listFaults',
    summary: 'Lists the faults that keep devices from their wanted state, the latest first',
    method: 'GET',
    path: '/faults',
    role: 'viewer',
    scope: 'devices',
    parameters: 'checked',
    query: schemas.faultQuery,
    answers: { 200: schemas.faults },
    csv: true,
    run: async (input, context) =>
      await answerList(input, await faultList(input.query as FaultQuery & { sort?: string }, context)),
  },
  {
    name: 'groupFaults',
    summary: 'Counts faults that are alike, the most frequent first',
    method: 'GET',
    path: '/faults/groups',
    role: 'viewer',
    scope: 'devices',
    parameters: 'checked',
    query: schemas.faultGroupQuery,
    answers: { 200: schemas.faultGroups },
    run: groups,
  },
  {
    name: 'retryFaults',
    summary: 'Clears the faults of a group or a filter; the next sessions of their devices try again',
    method: 'POST',
    path: '/faults/retry',
    role: 'operator',
    scope: 'devices',
    parameters: 'checked',
    audit: 'answer',
    body: { json: schemas.faultRetry },
    answers: { 200: schemas.faultsCleared },
    problems: { 409: 'Another number of faults than `expect` fits; `count` is the number' },
    run: async ({ body }, context) => {
      const { fleet, caller } = context;
      const { expect, ...asked } = body as FaultQuery & { expect?: number };
      if (!asked.filter && !asked.group) throw new UserError(400, 'bad-input', 'body: filter or group is missing');
      const search = await faultSearch(asked, context);
      return ok({ ...asked, cleared: await fleet.faults.clearAll(search, expect, caller) });
    },
  },
  {
    name: 'getFault',
    summary: 'Reads a fault',
    method: 'GET',
    path: '/faults/:id',
    role: 'viewer',
    scope: 'fault',
    parameters: 'checked',
    answers: { 200: schemas.fault },
    problems: { 404: 'No such fault' },
    run: async (input, { fleet, caller }) => ok(faultView(await fleet.faults.get(param(input)), caller)),
  },
  {
    name: 'deleteFault',
    summary: 'Clears a fault; the next session tries again',
    method: 'DELETE',
    path: '/faults/:id',
    role: 'operator',
    scope: 'fault',
    parameters: 'none',
    answers: { 204: 'nothing' },
    problems: { 404: 'No such fault' },
    run: async (input, { fleet }) => {
      await fleet.faults.clear(param(input));
      return none;
    },
  },
];
