// The list that a search stands for, in pages.
import { type DeviceEntry, listDevices } from '../../api/devices.ts';
import { type PagedList, usePages } from '../../state/pages.ts';
import type { Search } from './search.ts';

export const useDeviceList = ({ filter, sort, fields, at }: Search): PagedList<DeviceEntry> =>
  usePages(
    JSON.stringify([filter, sort, fields]),
    async ({ offset, cursor, count }, signal) =>
      await listDevices(
        {
          filter: filter || undefined,
          sort,
          fields,
          limit: 100,
          ...(cursor === undefined ? { offset: offset || undefined } : { cursor }),
          ...(count ? { count } : {}),
        },
        signal,
      ),
    at,
  );
