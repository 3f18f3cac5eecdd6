// Calls that complete filters.
import type { Static } from 'typebox';
import type * as schemas from '../../north/schemas/monitoring/vocabulary.ts';
import { call } from './call.ts';

export type Vocabulary = Static<typeof schemas.vocabulary>;

export const getVocabulary = async (
  query: { prefix: string; filter?: string | undefined; limit?: number },
  signal?: AbortSignal,
): Promise<Vocabulary> => await call('GET', '/vocabulary', { query: { ...query }, signal });
