// Each example of the API description, sent to a server in an order in which one builds on the other.
import { exampleOf } from '../../../../acs/north/examples/examples.ts';
import type { Operation } from '../../../../acs/north/operation.ts';
import { operations } from '../../../../acs/north/operations.ts';
import { readCertificates } from '../../../../shared/pki/certificates.ts';
import { inPieces } from '../../contents.ts';
import { type Answer, type TestApi, testApi } from '../api.ts';

/** A certificate of nothing, the same each time, so that answers are. */
const CERTIFICATE = `${[
  '-----BEGIN CERTIFICATE-----',
  'MIIBWTCCAQCgAwIBAgIQYACH+/dHnLht/nR9I2c/JzAKBggqhkjOPQQDAjANMQsw',
  'CQYDVQQDDAJDQTAeFw0yNTEyMzEyMzAwMDBaFw0zNTEyMzAwMDAwMDBaMA0xCzAJ',
  'BgNVBAMMAkNBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEk321Zsh0Gf+dGvSe',
  'o+eDQs6vWNf0irnCqDXtx8xwZ1dUVfPvpRMOTHnHnmY1cgvHL9Qy2iU801brmMDM',
  'ChqVWaNCMEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0O',
  'BBYEFGw3ehYEm2OtzAslJnt4JnIufA+FMAoGCCqGSM49BAMCA0cAMEQCIBR4DGUe',
  '2tPW6qyh0V1pFiArHfHSvnaSER39Xw/yGpVZAiAeub3c9Hr70aDPZ/VmWGHFsESX',
  'YSQYpsSl6wTf+PxZpQ==',
  '-----END CERTIFICATE-----',
].join('\n')}\n`;
const DEVICE = '0090F8-4102S-0090F8000001';

/** The operations on which others build, in this order; then all that makes something, reads, acts, and deletes. */
const first = 'announceDevices putFile putModel putRole putUser addTask createJob createRollout'.split(' ');
const rank = ({ name, method, path }: Operation): number => {
  if (first.includes(name)) return first.indexOf(name) - first.length;
  if (/Replace|replace/.test(name)) return 8.5;
  if (method === 'DELETE') return name === 'deleteDevice' ? 9 : 8;
  if (method === 'GET') return 2;
  return method === 'POST' && /\/(:\w+\/[a-z-]+|retry|restore)$/.test(path) ? 3 : 1;
};

const bytes: Readonly<Record<string, Buffer>> = {
  putFile: Buffer.from('Cwmp.MinSeverity = "Debug"\n'),
  putModel: Buffer.from(
    '<document><model name="A:1"><object name="Device."><parameter name="B"/></object></model></document>',
  ),
};

/** All operations, in the order in which their examples can be carried out. */
export const inOrder = (): Operation[] => operations.toSorted((a, b) => rank(a) - rank(b));

function withCertificate(body: unknown): unknown {
  if (body === undefined) return undefined;
  return JSON.parse(JSON.stringify(body).replace(/"-----BEGIN[^"]*"/, () => JSON.stringify(CERTIFICATE)));
}

export class ExampleRun {
  readonly #api: TestApi;

  private constructor(api: TestApi) {
    this.#api = api;
  }

  static async begin(): Promise<ExampleRun> {
    const chains = [readCertificates(CERTIFICATE)];
    const api = await testApi({
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
    return new ExampleRun(api);
  }

  async end(): Promise<void> {
    await this.#api.close();
  }

  async send(operation: Operation): Promise<Answer> {
    const { path, query, body } = exampleOf(operation);
    const real: Readonly<Record<string, string>> = { ...path, ...(await this.#realNames(operation)) };
    const url = operation.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(real[name] ?? ''));
    const asked = {
      ...query,
      ...(operation.path.endsWith('/versions/compare') ? { from: real.version, to: real.version } : {}),
    };
    const text = Object.keys(asked).length === 0 ? '' : `?${new URLSearchParams(asked as Record<string, string>)}`;
    const given = bytes[operation.name] ?? withCertificate(body);
    const answer = await this.#api.call(operation.method, url + text, given === undefined ? {} : { body: given });
    if (operation.name === 'announceDevices') await this.#furnish();
    return answer;
  }

  /** Gives the device what no call of the API can: a fault and a backup. */
  async #furnish(): Promise<void> {
    const { store, clock, fleet } = this.#api.acs;
    const about = { cause: 'preset:x', code: 9007, message: 'no', retryAt: 0, now: clock.now() };
    await store.apply(DEVICE, 'faultRaised', about);
    const version = { fileType: '1 Vendor Configuration File', keep: 5, announced: 0 };
    await fleet.backups.versions.put(DEVICE, inPieces(Buffer.from('a = 1')), version);
  }

  /** Names that the server gives, in place of those of the examples. */
  async #realNames({ path }: Operation): Promise<Record<string, string>> {
    const of = async (list: string, field: string): Promise<string> =>
      String((await this.#api.call('GET', list)).json.items[0]?.[field] ?? 'none');
    if (path.startsWith('/tasks/:')) return { id: await of('/tasks', 'id') };
    if (path.startsWith('/faults/:')) return { id: await of('/faults', 'id') };
    const versioned = /^(.*\/versions)(\/|$)/.exec(path)?.[1];
    if (!versioned || (!path.includes(':version') && !path.endsWith('/compare'))) return {};
    const { name = '' } = exampleOf({ name: '', path: versioned }).path;
    return { version: await of(versioned.replace(':name', encodeURIComponent(name)), 'version') };
  }
}
