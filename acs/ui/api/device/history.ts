// Calls about the recorded values of one device.
import { call } from '../call.ts';
import { devicePath } from '../devices.ts';

/** A parameter over time. */
export interface Series {
  path: string;
  points: { time: string; avg: number; min: number; max: number; count: number }[];
}

export const recordedPaths = async (id: string, signal?: AbortSignal): Promise<string[]> =>
  (await call<{ paths: string[] }>('GET', devicePath(id, '/history'), { signal })).paths;

/** @param from ISO 8601 */
export const seriesOf = async (id: string, path: string, from: string, signal?: AbortSignal): Promise<Series> =>
  await call('GET', devicePath(id, '/history'), { query: { path, from, points: 300 }, signal });
