// Calls about data models.
import type { Static } from 'typebox';
import type * as models from '../../north/schemas/models.ts';
import { call } from './call.ts';
import { devicePath } from './devices.ts';

export type ModelPage = Static<typeof models.deviceModel>;
export type ModelItem = ModelPage['items'][number];

/** The parameters that a device can have, by a path or a part of one. */
export const findInModel = async (
  id: string,
  query: { path?: string; find?: string; limit: number },
  signal?: AbortSignal,
): Promise<ModelPage> => await call('GET', devicePath(id, '/model'), { query, signal });
