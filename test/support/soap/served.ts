// The test API behind a socket, with an object of each kind, for foreign SOAP clients.
import type { AddressInfo } from 'node:net';
import { operations } from '../../../acs/north/operations.ts';
import { type TestApi, testApi } from '../acs/api.ts';
import { deviceId as id } from '../devices.ts';

/** Operations that may end with a status from 500: they ask devices and servers, which are not there, or the network. */
export const mayFail: ReadonlySet<string> = new Set(['connectionRequest', 'addTask', 'runDiagnostic', 'probeServer']);

export interface ServedApi {
  api: TestApi;
  /** That of SOAP. */
  url: string;
  /** Values of fields by which calls find what is there, or are not kept waiting. */
  hints: Record<string, unknown>;
  /** Waits while the clock of the ACS goes on: answers to wrong passwords wait. */
  whileTimePasses<T>(work: Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export async function servedApi(): Promise<ServedApi> {
  const api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
  await api.call('POST', '/devices', { body: { id } });
  await api.call('PUT', '/files/x?type=script', { body: Buffer.from('x') });
  await api.call('PUT', '/presets/x', { body: { when: 'tag = "none"' } });
  await api.call('PUT', '/alerts/x', { body: { filter: 'not online', above: 1 } });
  await api.call('PUT', '/webhooks/x', { body: { url: 'https://198.51.100.7/x', events: ['fault'] } });
  await api.call('PUT', '/enrolment/rules/x', { body: { action: 'enrol', filter: 'productClass = "x"' } });
  await api.call('PUT', '/roles/x', { body: { operations: ['read'] } });
  await api.call('POST', '/users', { body: { name: 'x', role: 'viewer' } });
  await api.call('POST', '/tokens', { body: { name: 'x', role: 'viewer' } });
  const own = await ownHints(api);
  await api.rest.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.rest.server.address() as AddressInfo;
  return {
    api,
    url: `http://127.0.0.1:${port}/soap`,
    hints: {
      own,
      ...{ kind: 'ping', ifMatch: '*', ifNoneMatch: '*', started: '2026-01-01T00:00:00Z' },
      ...{
        id,
        device: id,
        method: 'GetRPCMethods',
        wait: 0,
        limit: 1,
        path: 'Device.',
        by: 'firmware',
        role: 'viewer',
      },
      ...{
        filter: 'online',
        when: 'tag = "none"',
        these: 'online',
        against: 'not online',
        sort: 'id',
        url: 'https://198.51.100.7/x',
      },
      ...{
        password: 'correct horse battery',
        newPassword: 'correct horse battery',
        server: 'sip.example:5061',
        fields: 'id',
      },
    },
    async whileTimePasses(work) {
      let isOver = false;
      const ended = work.finally(() => {
        isOver = true;
      });
      while (!isOver) {
        await api.acs.clock.advance(1000);
        await new Promise(resolve => setTimeout(resolve, 5));
      }
      return await ended;
    },
    close: () => api.close(),
  };
}

/** Ids of what has one of its own, by the operations on it. */
async function ownHints(api: TestApi): Promise<Record<string, { id: string }>> {
  const task = await api.call('POST', `/devices/${id}/tasks`, { body: { method: 'GetRPCMethods' } });
  const about = { cause: 'preset:x', code: 9002, message: 'no', retryAt: 0, now: 1 };
  const fault = await api.acs.store.apply(id, 'faultRaised', about);
  await api.call('PUT', '/files/fw.bin?type=firmware&version=2', { body: Buffer.from('image') });
  await api.call('POST', '/rollouts', { body: { id: 'r', devices: [id], firmware: 'fw.bin' } });
  await api.call('POST', '/jobs', { body: { id: 'j', devices: { ids: [id] }, do: [{ tags: { add: ['b'] } }] } });
  const ids: Record<string, string> = { tasks: String(task.json.id), faults: fault.id, rollouts: 'r', jobs: 'j' };
  return Object.fromEntries(
    operations.flatMap(({ name, path }) => {
      const known = ids[/^\/(\w+)\/:id/.exec(path)?.[1] ?? ''];
      return known === undefined ? [] : [[name, { id: known }]];
    }),
  );
}
