// Calls about the sessions of a device and their traces.
import type { Static } from 'typebox';
import type * as sessionShapes from '../../../north/schemas/monitoring/device-sessions.ts';
import type * as traceShapes from '../../../north/schemas/monitoring/traces.ts';
import { call } from '../call.ts';
import { devicePath } from '../devices.ts';

export type SessionRecord = Static<typeof sessionShapes.sessions>['items'][number];
export type DeviceSession = Static<typeof sessionShapes.session>;
export type Message = NonNullable<DeviceSession['messages']>[number];
export type MessageXml = Static<typeof sessionShapes.sessionMessage>;
export type Trace = Static<typeof traceShapes.trace> & {
  /** The time at which it ends by itself. */
  until?: string;
};

/** The server keeps no more of a device. */
const MOST = 50;

export const sessionsOf = async (id: string, signal?: AbortSignal): Promise<SessionRecord[]> =>
  (await call<{ items: SessionRecord[] }>('GET', devicePath(id, '/sessions'), { query: { limit: MOST }, signal }))
    .items;

const pathOf = (id: string, started: string): string => devicePath(id, `/sessions/${encodeURIComponent(started)}`);

export const sessionOf = async (id: string, started: string, signal?: AbortSignal): Promise<DeviceSession> =>
  await call('GET', pathOf(id, started), { signal });

export const messageOf = async (id: string, started: string, n: number, signal?: AbortSignal): Promise<MessageXml> =>
  await call('GET', `${pathOf(id, started)}/messages/${n}`, { signal });

/** The trace with all its XML. */
export const traceOf = async (id: string, signal?: AbortSignal): Promise<Trace> =>
  await call('GET', devicePath(id, '/trace'), { signal });

/** The traced sessions as text. */
export const ladderOf = async (id: string): Promise<string> =>
  await call('GET', devicePath(id, '/trace/ladder'), { headers: { accept: 'text/plain' } });
