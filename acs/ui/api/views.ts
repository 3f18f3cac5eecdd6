// Calls about saved views of the devices.
import type { Static } from 'typebox';
import type { view } from '../../north/schemas/access.ts';
import { call } from './call.ts';

export type View = Static<typeof view>;

export const listViews = async (signal?: AbortSignal): Promise<View[]> =>
  (await call<{ items: View[] }>('GET', '/views', { signal })).items;

export const putView = async (name: string, view: Pick<View, 'q' | 'cols' | 'sort' | 'shared'>): Promise<View> =>
  await call('PUT', `/views/${encodeURIComponent(name)}`, { body: view });

export const deleteView = async (name: string): Promise<void> =>
  await call('DELETE', `/views/${encodeURIComponent(name)}`);
