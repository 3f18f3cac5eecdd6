// Calls of the API that many tests need: add a task, store a file or a preset, run a session of the default device.
import assert from 'node:assert/strict';
import { memoryCpe, ScriptedCpe } from '../cpe/scripted-cpe.ts';
import { deviceId } from '../devices.ts';
import type { Json, TestApi } from './api.ts';

/** Queues a task for the default device. @returns the task */
export async function addTask(api: TestApi, body: object, query = ''): Promise<Json> {
  const answer = await api.call('POST', `/devices/${deviceId}/tasks${query}`, { body });
  assert.ok(answer.status < 300, answer.text);
  return answer.json;
}

/** Stores a file. @returns its description */
export async function putFile(
  api: TestApi,
  name: string,
  query: string,
  bytes: Buffer | string = 'bytes',
): Promise<Json> {
  const answer = await api.call('PUT', `/files/${name}?${query}`, { body: Buffer.from(bytes) });
  assert.ok(answer.status < 300, answer.text);
  return answer.json;
}

/** Stores a preset. */
export async function putPreset(api: TestApi, name: string, preset: object): Promise<void> {
  const { status, text } = await api.call('PUT', `/presets/${name}`, { body: preset });
  assert.ok(status < 300, text);
}

/** The open faults of all devices. */
export const faultsOf = async (api: TestApi): Promise<Json[]> => (await api.call('GET', '/faults')).json.items;

/** Runs a session of the default device, whose ParameterKey is the one set last. */
export const runSession = async (
  api: TestApi,
  cpe: Pick<ReturnType<typeof memoryCpe>, 'keys' | 'answer'> = memoryCpe({}),
  events = ['2 PERIODIC'],
): ReturnType<ScriptedCpe['session']> =>
  await new ScriptedCpe(api.acs.app, {
    events,
    parameters: { 'Device.ManagementServer.ParameterKey': cpe.keys.at(-1) ?? '' },
  }).session(cpe.answer);
