// Calls about data models, and the vocabulary of filters.
import type { Static } from 'typebox';
import type * as models from '../../north/schemas/models.ts';
import type * as vocabularies from '../../north/schemas/monitoring/vocabulary.ts';
import { call } from './call.ts';
import { devicePath } from './devices.ts';

export type DeviceModel = Static<typeof models.deviceModel>;
export type ModelItem = DeviceModel['items'][number];
export type Vocabulary = Static<typeof vocabularies.vocabulary>;

export const deviceModel = async (
  id: string,
  query: { path?: string; find?: string; limit?: number; cursor?: string },
  signal?: AbortSignal,
): Promise<DeviceModel> => await call('GET', devicePath(id, '/model'), { query, signal });

export const vocabularyOf = async (
  query: { prefix?: string; filter?: string | undefined; limit?: number },
  signal?: AbortSignal,
): Promise<Vocabulary> => await call('GET', '/vocabulary', { query, signal });
