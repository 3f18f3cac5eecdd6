// Each example of the API description, sent to a server: it is carried out, and the answer is as described (support/acs/api.ts).
import assert from 'node:assert/strict';
import { exampleOf } from '../../../../acs/north/examples/examples.ts';
import type { Operation } from '../../../../acs/north/operation.ts';
import { operations } from '../../../../acs/north/operations.ts';
import { seededRandom, VirtualClock } from '../../../../shared/clock.ts';
import { createCa } from '../../../../shared/pki/authority.ts';
import { readCertificates } from '../../../../shared/pki/certificates.ts';
import { type Answer, type TestApi, testApi } from '../../../support/acs/api.ts';
import { inPieces } from '../../../support/contents.ts';

const DEVICE = '0090F8-4102S-0090F8000001';

/** The operations on which others build, in this order; then all that makes something, reads, acts, and deletes. */
const first = 'announceDevices putFile putModel putRole putUser addTask createJob createRollout'.split(' ');
const rank = ({ name, method, path }: Operation): number => {
  if (first.includes(name)) return first.indexOf(name) - first.length;
  if (method === 'DELETE') return name === 'deleteDevice' ? 9 : 8;
  if (method === 'GET') return 2;
  return method === 'POST' && /\/(:\w+\/[a-z-]+|retry|restore)$/.test(path) ? 3 : 1;
};

/** Operations whose example cannot be carried out on a server without devices and browsers, and why. */
const notHere: Readonly<Record<string, string>> = {
  createFirstUser: 'there are users',
  patchSession: 'the caller has a token',
  deleteSession: 'the caller has a token',
  endProviderSignIn: 'no browser comes back from a provider',
  approveDevice: 'the device is enrolled',
  confirmMove: 'the device does not move',
  resumeJob: 'the job has ended',
  pauseJob: 'the job has ended',
  abortJob: 'the job has ended',
  retryJob: 'nothing of the job has failed',
  getDeviceSession: 'the device was in no session',
  getDeviceSessionMessage: 'the device was in no session',
  retryRollout: 'nothing of the rollout has failed',
  rollbackRollout: 'no device has what the rollout gave',
  deleteRollout: 'its devices are awaited',
  deleteFault: 'the fault has ended by the retry',
};

const bytes: Readonly<Record<string, Buffer>> = {
  putFile: Buffer.from('Cwmp.MinSeverity = "Debug"\n'),
  putModel: Buffer.from(
    '<document><model name="A:1"><object name="Device."><parameter name="B"/></object></model></document>',
  ),
};

describe('examples of the API description', () => {
  let api: TestApi;
  let cert: string;
  before(async () => {
    ({ cert } = await createCa({ name: 'CA', key: 'ec', clock: new VirtualClock(), random: seededRandom(1) }));
    const chains = [readCertificates(cert)];
    api = await testApi({
      enrol: 'auto',
      cpeAuth: 'none',
      preflight: {
        probeTls: async () => ({ versions: ['TLSv1_2'], suites: [], chains }),
        mayAsk: () => true,
        own: () => ({ url: 'https://sip.example.net:5061' }),
      },
      identityProvider: {
        begin: async () => 'https://id.example.net/auth',
        finish: async () => ({ issuer: 'https://id.example.net', subject: 's' }),
        renew: async () => undefined,
      },
    });
    await api.call('PUT', '/files/dgw.bin?type=firmware&version=49.2', { body: Buffer.from('image') });
  });
  after(async () => await api.close());

  for (const operation of operations.toSorted((a, b) => rank(a) - rank(b))) {
    it(`of ${operation.name} is carried out`, async () => {
      const answer = await sent(operation);
      const isDone = answer.status < 400 || operation.name in notHere;
      assert.ok(isDone, `${operation.method} ${operation.path}: ${answer.status} ${answer.text}`);
      if (operation.name === 'announceDevices') await furnish();
    });
  }

  /** Gives the device what no call of the API can: a fault, a session, a backup. */
  const furnish = async (): Promise<void> => {
    const { store, clock, fleet } = api.acs;
    const about = { cause: 'preset:x', code: 9007, message: 'no', retryAt: 0, now: clock.now() };
    await store.apply(DEVICE, 'faultRaised', about);
    const version = { fileType: '1 Vendor Configuration File', keep: 5, announced: 0 };
    await fleet.backups.versions.put(DEVICE, inPieces(Buffer.from('a = 1')), version);
  };

  const sent = async (operation: Operation): Promise<Answer> => {
    const { path, query, body } = exampleOf(operation);
    const real: Readonly<Record<string, string>> = { ...path, ...(await realNames(operation)) };
    const url = operation.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(real[name] ?? ''));
    const asked = {
      ...query,
      ...(operation.path.endsWith('/versions/compare') ? { from: real.version, to: real.version } : {}),
    };
    const text = Object.keys(asked).length === 0 ? '' : `?${new URLSearchParams(asked as Record<string, string>)}`;
    const given = bytes[operation.name] ?? withCertificate(body);
    return await api.call(operation.method, url + text, given === undefined ? {} : { body: given });
  };

  const withCertificate = (body: unknown): unknown =>
    body === undefined
      ? undefined
      : JSON.parse(JSON.stringify(body).replace(/"-----BEGIN[^"]*"/, () => JSON.stringify(cert)));

  /** Names that the server gives, in place of those of the examples. */
  const realNames = async ({ path }: Operation): Promise<Record<string, string>> => {
    const firstId = async (list: string): Promise<string> =>
      String((await api.call('GET', list)).json.items[0]?.id ?? 'none');
    if (path.startsWith('/tasks/:')) return { id: await firstId('/tasks') };
    if (path.startsWith('/faults/:')) return { id: await firstId('/faults') };
    const versioned = /^(.*\/versions)(\/|$)/.exec(path)?.[1];
    if (!versioned || (!path.includes(':version') && !path.endsWith('/compare'))) return {};
    const list = versioned.replace(
      /:name/,
      encodeURIComponent(exampleOf({ name: '', path: versioned }).path.name ?? ''),
    );
    return { version: String((await api.call('GET', list)).json.items[0]?.version ?? 'none') };
  };
});
