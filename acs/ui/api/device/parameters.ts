// Calls about the parameters of a device: its values, its data model, and what changes them.
import { call } from '../call.ts';
import { devicePath } from '../devices.ts';
import type { Device, Page } from '../shapes.ts';

export interface Parameter {
  path: string;
  value: string;
  /** `xsd:…`; empty where nothing but an Inform has told the value. */
  type: string;
  writable?: boolean;
  time: string;
  /** The preset that decides it, or `override`. */
  decidedBy?: string;
}

/** A parameter or an object as the data model has it, with `{i}` in place of instances. */
export interface ModelItem {
  path: string;
  writable: boolean | null;
  /** `xsd:…`, or `object`. */
  type: string | null;
  enum?: string[];
  min?: string;
  max?: string;
  maxLength?: number;
  text?: string;
  factory?: string;
  restart?: boolean;
  effect?: 'live' | 'stored' | 'status';
  /** Only a standard has it, of which the product implements a part. */
  unsure?: boolean;
}

export interface DeviceModel {
  complete: boolean;
  items: ModelItem[];
}

/** Values in one answer of the server. */
const PAGE = 1000;
/** Values of a device that are shown. */
const MOST = 20_000;
const FIELDS = 'path,value,type,writable,time,decidedBy';

async function allOf<T>(path: string, query: Record<string, string>, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page: Page<T> = await call('GET', path, { query: { ...query, limit: PAGE, cursor }, signal });
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && items.length < MOST);
  return items;
}

/** A field that was asked for and is absent comes as null. */
type Listed = { [N in keyof Parameter]-?: Parameter[N] | null };

/** All values that are known of a device, in the order of their paths. */
export async function allParameters(id: string, signal?: AbortSignal): Promise<Parameter[]> {
  const listed = await allOf<Listed>(devicePath(id, '/parameters'), { fields: FIELDS }, signal);
  return listed.map(({ path, value, type, writable, time, decidedBy }) => ({
    ...{ path: path ?? '', value: value ?? '', type: type ?? '', time: time ?? '' },
    ...(writable === null ? {} : { writable }),
    ...(decidedBy === null ? {} : { decidedBy }),
  }));
}

/** The paths in which a text is found, or in whose values. */
export async function findParameters(id: string, find: string, signal?: AbortSignal): Promise<string[]> {
  const found = await allOf<{ path: string }>(devicePath(id, '/parameters'), { find, fields: 'path' }, signal);
  return found.map(({ path }) => path);
}

/** The value that is known last; undefined where there is none. */
export async function knownValue(id: string, path: string): Promise<string | undefined> {
  const page: Page<Parameter> = await call('GET', devicePath(id, '/parameters'), { query: { path, fields: FIELDS } });
  return page.items.find(item => item.path === path)?.value;
}

export async function deviceModel(id: string, signal?: AbortSignal): Promise<DeviceModel> {
  const path = devicePath(id, '/model');
  const items: ModelItem[] = [];
  let cursor: string | undefined;
  let complete = false;
  do {
    const page: DeviceModel & { next: string | null } = await call('GET', path, {
      query: { limit: PAGE, cursor },
      signal,
    });
    items.push(...page.items);
    complete = page.complete;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && items.length < MOST);
  return { complete, items };
}

export interface TaskFault {
  code: number | string;
  message: string;
  parameters?: { name: string; code: number; message: string }[];
}

export interface SentTask {
  id: string;
  method: string;
  state: 'queued' | 'sent' | 'waiting' | 'done' | 'failed' | 'cancelled';
  lastError?: string;
  result?: Record<string, unknown>;
  fault?: TaskFault;
  /** The reason why the connection request failed. */
  connectionRequest?: string;
  warnings?: string[];
}

export interface TaskInput {
  method: string;
  args: Record<string, unknown>;
  /** ISO 8601: it is not offered to the device before. */
  notBefore?: string;
  /** The device is asked to connect at that time. */
  wake?: boolean;
}

/** Seconds for which an answer of the device is awaited. */
export const WAIT_S = 30;

/** @param waits the device is asked to connect, and the answer is the outcome where it comes in time */
export const addTask = async (id: string, input: TaskInput, waits: boolean): Promise<SentTask> =>
  await call('POST', devicePath(id, '/tasks'), { body: input, query: waits ? { wait: WAIT_S } : {} });

export const getTask = async (task: string): Promise<SentTask> =>
  await call('GET', `/tasks/${encodeURIComponent(task)}`);

/** The values of a SetParameterValues, as the API takes them. */
export const setTask = (values: Readonly<Record<string, string>>): TaskInput => ({
  method: 'SetParameterValues',
  args: { ParameterList: values },
});

/** Sets overrides, or removes those that are null. @param force sets them though the device would lose the ACS */
export const setOverrides = async (
  id: string,
  overrides: Readonly<Record<string, string | null>>,
  force = false,
): Promise<Device> => await call('PATCH', devicePath(id), { body: { overrides }, query: force ? { force } : {} });
