// Calls about devices.
import { call } from './call.ts';
import type { Device, Page } from './shapes.ts';

export interface DeviceSearch {
  filter?: string | undefined;
  sort?: string | undefined;
  fields?: string | undefined;
  limit?: number;
  cursor?: string | undefined;
  offset?: number | undefined;
  count?: boolean;
}

export const listDevices = async (search: DeviceSearch, signal?: AbortSignal): Promise<Page<Partial<Device>>> =>
  await call('GET', '/devices', { query: { ...search }, signal });

/** The id stands in the path, encoded. */
export const devicePath = (id: string, rest = ''): string => `/devices/${encodeURIComponent(id)}${rest}`;

export const getDevice = async (id: string, signal?: AbortSignal): Promise<Device> =>
  await call('GET', devicePath(id), { signal });
