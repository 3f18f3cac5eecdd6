// The list of faults.
import type { DeviceFault } from '../../device/fault.ts';
import type { FaultSearch } from '../../fleet/monitoring/faults.ts';
import type { CallContext } from '../operation.ts';
import { faultView } from '../views/faults.ts';
import { deviceFilter } from './devices.ts';
import { isFieldOf } from './fields.ts';
import type { List } from './list.ts';

const columns = [
  ...['id', 'device', 'cause', 'code', 'parameter', 'message', 'hint', 'first', 'last', 'count', 'retryAt'],
] as const;

/** A search for faults as it is written. */
export interface FaultQuery {
  filter?: string;
  group?: string;
}

/** @throws UserError 400 for a bad filter, 403 for parameters in it that the caller may not read */
export const faultSearch = async ({ filter, group }: FaultQuery, context: CallContext): Promise<FaultSearch> => ({
  ...(await deviceFilter(filter, context)),
  ...(group ? { group } : {}),
});

/** @throws UserError 400, 403 as the search */
export async function faultList(
  { sort, ...query }: FaultQuery & { sort?: string },
  context: CallContext,
): Promise<List<DeviceFault>> {
  const { fleet, clock, caller } = context;
  const search = await faultSearch(query, context);
  return {
    name: 'faults',
    columns,
    isField: isFieldOf([...columns, 'file']),
    limit: 500,
    page: async ({ limit, cursor }) =>
      await fleet.faults.list({ ...search, limit, ...(sort ? { sort } : {}), ...(cursor ? { cursor } : {}) }, caller),
    count: async () => ({ total: await fleet.faults.count(search, caller), exact: true, countedAt: clock.now() }),
    view: fault => faultView(fault, caller),
  };
}
