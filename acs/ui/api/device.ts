// Calls about one device: what it is, and what is done to it.
import type { Static } from 'typebox';
import type * as deviceShapes from '../../north/schemas/devices.ts';
import type * as comparisonShapes from '../../north/schemas/monitoring/comparison.ts';
import type * as historyShapes from '../../north/schemas/monitoring/history.ts';
import type * as preflightShapes from '../../north/schemas/preflight.ts';
import { call } from './call.ts';
import { devicePath } from './devices.ts';
import type { Device } from './shapes.ts';

export type DeviceChange = Static<typeof deviceShapes.devicePatch>;
export type Links = Static<typeof preflightShapes.links>;
export type Siblings = Static<typeof comparisonShapes.siblings>;
export interface PastEvent {
  time: string;
  type: string;
  data: Record<string, unknown>;
}
export type Series = Extract<Static<typeof historyShapes.history>, { path: string }>;

export const wake = async (id: string): Promise<void> => await call('POST', devicePath(id, '/connection-request'));

export const changeDevice = async (id: string, change: DeviceChange): Promise<Device> =>
  await call('PATCH', devicePath(id), { body: change });

export const approveDevice = async (id: string): Promise<Device> => await call('POST', devicePath(id, '/approve'));

export const forgetDevice = async (id: string): Promise<void> => await call('DELETE', devicePath(id));

export const setTrace = async (id: string, isOn: boolean): Promise<void> =>
  await call('PUT', devicePath(id, '/trace'), { body: { on: isOn } });

export const linksOf = async (id: string, signal?: AbortSignal): Promise<Links> =>
  (await call<{ links: Links }>('GET', devicePath(id, '/preflight'), { signal })).links;

export const siblingsOf = async (id: string, signal?: AbortSignal): Promise<Siblings> =>
  await call('GET', devicePath(id, '/siblings'), { query: { top: 8 }, signal });

export const eventsOf = async (id: string, limit: number, signal?: AbortSignal): Promise<PastEvent[]> =>
  (await call<{ items: PastEvent[] }>('GET', devicePath(id, '/events'), { query: { limit }, signal })).items;
