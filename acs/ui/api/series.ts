// Calls about the series of the server's own metrics.
import type { Static } from 'typebox';
import type { series } from '../../north/schemas/monitoring/series.ts';
import { call } from './call.ts';

export type Series = Static<typeof series>;

/** @param from how long ago, such as -24h, or a time */
export const readSeries = async (
  names: readonly string[],
  { from, points }: { from: string; points: number },
  signal?: AbortSignal,
): Promise<Series> => await call('GET', '/series', { query: { name: names.join(','), from, points }, signal });
