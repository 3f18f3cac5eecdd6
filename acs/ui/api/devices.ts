// Calls about devices.
import type { Static } from 'typebox';
import type * as schemas from '../../north/schemas/devices.ts';
import { call, urlOf } from './call.ts';
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

/** An entry of a list with chosen fields, by the names that were asked for. */
export type DeviceEntry = Partial<Device> & Readonly<Record<string, unknown>>;
export type Facets = Static<typeof schemas.answers.facets>;

export const listDevices = async (search: DeviceSearch, signal?: AbortSignal): Promise<Page<DeviceEntry>> =>
  await call('GET', '/devices', { query: { ...search }, signal });

export async function countDevices(filter: string, signal?: AbortSignal): Promise<number> {
  const search = { filter: filter || undefined, fields: 'id', limit: 1, count: true };
  return (await listDevices(search, signal)).total ?? 0;
}

/** @param by names of fields */
export const countFacets = async (
  query: { filter?: string | undefined; by: readonly string[]; top?: number },
  signal?: AbortSignal,
): Promise<Facets> => await call('GET', '/devices/facets', { query: { ...query, by: query.by.join(',') }, signal });

/** The address of the list as CSV, whole. */
export const csvUrl = (search: Pick<DeviceSearch, 'filter' | 'sort' | 'fields'>): string =>
  urlOf('/devices', { ...search, format: 'csv' });

export const announceDevice = async (device: {
  id: string;
  credentials?: { username: string; password: string };
  tags?: readonly string[];
  site?: Readonly<Record<string, string>>;
}): Promise<Device> => await call('POST', '/devices', { body: device });

/** The id stands in the path, encoded. */
export const devicePath = (id: string, rest = ''): string => `/devices/${encodeURIComponent(id)}${rest}`;

export const getDevice = async (id: string, signal?: AbortSignal): Promise<Device> =>
  await call('GET', devicePath(id), { signal });
