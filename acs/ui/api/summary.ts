// Calls about the fleet as a whole.
import { call } from './call.ts';
import type { Summary } from './shapes.ts';

export const getSummary = async (signal?: AbortSignal): Promise<Summary> => await call('GET', '/summary', { signal });
