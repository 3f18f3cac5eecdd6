// The list of faults.
import type { DeviceFault } from '../../device/fault.ts';
import type { FaultSearch } from '../../fleet/monitoring/faults.ts';
import type { CallContext } from '../operation.ts';
import { faultView } from '../views/faults.ts';
import { isFieldOf } from './fields.ts';
import type { List } from './list.ts';

const columns = [
  ...['id', 'device', 'cause', 'code', 'parameter', 'message', 'hint', 'first', 'last', 'count', 'retryAt'],
] as const;

export const faultList = (
  { filter, group, sort }: FaultSearch & { sort?: string },
  { fleet, clock, caller }: CallContext,
): List<DeviceFault> => {
  const search = { ...(filter ? { filter } : {}), ...(group ? { group } : {}) };
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
};
