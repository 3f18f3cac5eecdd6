// Calls about the server itself.
import type { Static } from 'typebox';
import type { server } from '../../north/schemas/monitoring/server.ts';
import { call } from './call.ts';

export type ServerFacts = Static<typeof server>;

export const getServer = async (signal?: AbortSignal): Promise<ServerFacts> => await call('GET', '/server', { signal });
