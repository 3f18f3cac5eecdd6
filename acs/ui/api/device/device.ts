// Calls about one device: what it is, and what is changed of it.
import type { Static } from 'typebox';
import type * as deviceShapes from '../../../north/schemas/devices.ts';
import type * as comparisonShapes from '../../../north/schemas/monitoring/comparison.ts';
import type * as preflightShapes from '../../../north/schemas/preflight.ts';
import { call } from '../call.ts';
import { devicePath } from '../devices.ts';
import type { Device } from '../shapes.ts';

/** Omitted fields keep their value; null removes one. */
export interface DeviceChange {
  tags?: { add?: string[]; remove?: string[] };
  site?: Readonly<Record<string, string | null>>;
  overrides?: Readonly<Record<string, string | null>>;
}
export type Removal = Static<typeof deviceShapes.answers.removal>;
export type Link = Static<typeof preflightShapes.links>[number];
export type Siblings = Static<typeof comparisonShapes.siblings>;

/** A fact of the device, in the vocabulary over data models. */
export interface Fact {
  name: string;
  /** Null where the device has written what is no such value. */
  value: string | number | boolean | null;
  told?: string;
  /** The name of the row. */
  of?: string;
  path: string;
  time: string;
}

export interface PastEvent {
  time: string;
  type: string;
  data: Record<string, unknown>;
}

export interface Knock {
  device: string;
  address: string;
  last: string;
  count: number;
  reason: string;
}

interface Items<T> {
  items: T[];
}

export const wake = async (id: string): Promise<void> => await call('POST', devicePath(id, '/connection-request'));

export const changeDevice = async (id: string, change: DeviceChange): Promise<Device> =>
  await call('PATCH', devicePath(id), { body: change });

export const approveDevice = async (id: string): Promise<Device> => await call('POST', devicePath(id, '/approve'));

/** A device is held by a job of one device. @returns the id of the job */
export const holdDevice = async (id: string): Promise<{ id: string }> =>
  await call('POST', '/jobs', { body: { devices: { ids: [id] }, do: [{ hold: true }], expect: 1 } });

/** The tasks and the rollout that would lose the device. */
export const removalOf = async (id: string, signal?: AbortSignal): Promise<Removal> =>
  await call('DELETE', devicePath(id), { query: { dryRun: true }, signal });

export const forgetDevice = async (id: string): Promise<void> => await call('DELETE', devicePath(id));

export const replaceDevice = async (id: string, newId: string): Promise<void> =>
  await call('POST', devicePath(id, '/replace-by'), { body: { newId } });

export const undoReplacement = async (id: string): Promise<void> => await call('DELETE', devicePath(id, '/replace-by'));

/** @param forMs milliseconds after which it stops by itself; undefined stops it now */
export const setTrace = async (id: string, forMs: number | undefined): Promise<void> =>
  await call('PUT', devicePath(id, '/trace'), {
    body: forMs === undefined ? { on: false } : { on: true, seconds: forMs / 1000 },
  });

export const factsOf = async (id: string, signal?: AbortSignal): Promise<Fact[]> =>
  (await call<Items<Fact>>('GET', devicePath(id, '/facts'), { signal })).items;

/** The number of its known values. */
export const countParameters = async (id: string, signal?: AbortSignal): Promise<number> =>
  (
    await call<{ total: number }>('GET', devicePath(id, '/parameters'), {
      query: { limit: 1, fields: 'path', count: true },
      signal,
    })
  ).total;

export const linksOf = async (id: string, signal?: AbortSignal): Promise<Link[]> =>
  (await call<{ links: Link[] }>('GET', devicePath(id, '/preflight'), { signal })).links;

export const siblingsOf = async (id: string, signal?: AbortSignal): Promise<Siblings> =>
  await call('GET', devicePath(id, '/siblings'), { query: { top: 8 }, signal });

export const eventsOf = async (id: string, limit: number, signal?: AbortSignal): Promise<PastEvent[]> =>
  (await call<Items<PastEvent>>('GET', devicePath(id, '/events'), { query: { limit }, signal })).items;

/** The try of a device without a good login, where it is among the last ones. */
export const knockOf = async (id: string, signal?: AbortSignal): Promise<Knock | undefined> =>
  (await call<Items<Knock>>('GET', '/knocking', { query: { limit: 500 }, signal })).items.find(
    ({ device }) => device === id,
  );
