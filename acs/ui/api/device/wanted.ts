// Calls about what is wanted of a device.
import type { Static } from 'typebox';
import type * as shapes from '../../../north/schemas/wanted.ts';
import { call } from '../call.ts';
import { devicePath } from '../devices.ts';

export type Wanted = Static<typeof shapes.wanted>;
export type WantedValue = Wanted['set'][number];

export const wantedPath = (id: string): string => devicePath(id, '/wanted');

export const wantedOf = async (id: string, signal?: AbortSignal): Promise<Wanted> =>
  await call('GET', wantedPath(id), { signal });

/** The next session tries again. */
export const clearFault = async (fault: string): Promise<void> =>
  await call('DELETE', `/faults/${encodeURIComponent(fault)}`);
