// A CPE that a test drives message by message through fastify's inject, and a set of parameters that answers as a CPE would.
import type { FastifyInstance } from 'fastify';
import { seededRandom } from '../../../shared/clock.ts';
import type { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { Arguments, EventEntry, MethodName, ParameterValue } from '../../../shared/cwmp/methods.ts';
import {
  type Body,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  faultBody,
  requestBody,
  responseBody,
} from '../../../shared/cwmp/soap.ts';
import { answerChallenge, chooseDigest, formatBasic, parseChallenges } from '../../../shared/net/digest.ts';

export interface Response {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  envelope: Envelope | undefined;
}

export interface CpeSettings {
  serial?: string;
  username?: string;
  password?: string;
  scheme?: 'digest' | 'basic' | 'none';
  /** The digest-uri: the path of the ACS as the CPE knows it. */
  path?: string;
  events?: string[];
  parameters?: Record<string, string>;
  /** Behind a trusted proxy that terminated TLS. */
  secure?: boolean;
  namespace?: Envelope['namespace'];
}

const UNKNOWN_TIME = '0001-01-01T00:00:00Z';

/** A CPE's report that the transfer of that CommandKey succeeded. */
export const transferComplete = (CommandKey: string): Body =>
  requestBody('TransferComplete', {
    CommandKey,
    FaultStruct: { FaultCode: 0, FaultString: '' },
    StartTime: '2026-01-01T00:00:00Z',
    CompleteTime: '2026-01-01T00:00:01Z',
  }) as Body;

/** The values in the ParameterList of a request, by the part of their path below `root`. */
export const valuesIn = (
  args: Record<string, unknown> | undefined,
  root = 'Device.ManagementServer.',
): Record<string, string> =>
  Object.fromEntries(
    ((args?.ParameterList ?? []) as { Name: string; Value: string }[]).map(({ Name, Value }) => [
      Name.replace(root, ''),
      Value,
    ]),
  );

/** A CPE that a test drives message by message. */
export class ScriptedCpe {
  readonly #app: Pick<FastifyInstance, 'inject'>;
  readonly settings: CpeSettings;
  cookie: string | undefined;
  nonce: { header: string; count: number } | undefined;

  constructor(app: Pick<FastifyInstance, 'inject'>, settings: CpeSettings = {}) {
    this.#app = app;
    this.settings = settings;
  }

  async raw(body: string, headers: Record<string, string> = {}): Promise<Response> {
    const answer = await this.#app.inject({
      method: 'POST',
      url: '/',
      headers: {
        'content-type': 'text/xml; charset="utf-8"',
        ...(this.settings.secure === false ? {} : { 'x-forwarded-proto': 'https' }),
        ...(this.cookie ? { cookie: this.cookie } : {}),
        ...headers,
      },
      payload: body,
    });
    const cookie = answer.headers['set-cookie'];
    if (cookie) this.cookie = String(cookie).split(';')[0];
    return {
      status: answer.statusCode,
      headers: answer.headers as Response['headers'],
      envelope: answer.body.includes('Envelope') ? decodeEnvelope(answer.body) : undefined,
    };
  }

  /** Posts, and answers a challenge if there is one. */
  async post(envelope: Envelope | undefined): Promise<Response> {
    const body = envelope ? encodeEnvelope(envelope) : '';
    const first = await this.raw(body);
    const authorization = first.status === 401 ? authorizationOf(this.settings, first) : undefined;
    return authorization === undefined ? first : await this.raw(body, { authorization });
  }

  inform(overrides: Partial<Arguments<'Inform'>> = {}): Envelope {
    const args = { ...informOf(this.settings), ...overrides };
    return { namespace: this.settings.namespace ?? '1-2', id: '100', body: requestBody('Inform', args) as Body };
  }

  /**
   * One whole session: Inform, own requests, empty POST, then each request of the ACS is answered by `answer`.
   * @returns what the ACS asked, in order
   */
  async session(
    answer: (method: MethodName, args: Record<string, unknown>) => Record<string, unknown> | CwmpFault = () => ({}),
    own: Envelope['body'][] = [],
  ): Promise<{
    inform: Response;
    asked: { method: MethodName; args: Record<string, unknown> }[];
    own: Response[];
    last: Response;
  }> {
    this.cookie = undefined;
    const inform = await this.post(this.inform());
    const asked: { method: MethodName; args: Record<string, unknown> }[] = [];
    if (inform.envelope?.body.kind !== 'response') return { inform, asked, own: [], last: inform };
    const answers: Response[] = [];
    for (const body of own) answers.push(await this.post({ namespace: '1-2', id: '200', body }));
    let last = await this.post(undefined);
    while (last.envelope?.body.kind === 'request') {
      const { method, args } = last.envelope.body;
      asked.push({ method, args: args as Record<string, unknown> });
      const result = answer(method, args as Record<string, unknown>);
      const body = result instanceof Error ? faultBody(result) : (responseBody(method, result as never) as Body);
      last = await this.post({
        namespace: '1-2',
        ...(last.envelope.id === undefined ? {} : { id: last.envelope.id }),
        body,
      });
    }
    return { inform, asked, own: answers, last };
  }
}

/** The Authorization that answers a challenge; undefined without a login. */
function authorizationOf(
  { username, password, scheme, serial, path = '/' }: CpeSettings,
  { headers }: Response,
): string | undefined {
  if (scheme === 'none' || username === undefined || password === undefined) return undefined;
  if (scheme === 'basic') return formatBasic(username, password);
  const challenge = chooseDigest(parseChallenges(headers['www-authenticate']));
  if (!challenge) throw new Error('no digest challenge');
  const random = seededRandom(serial?.length ?? 1);
  return answerChallenge({ challenge, username, password, method: 'POST', uri: path, random, nc: 1 });
}

function informOf({ serial = '0090F8000001', username, ...more }: CpeSettings): Arguments<'Inform'> {
  const { events = ['0 BOOTSTRAP', '1 BOOT'], parameters = {} } = more;
  const entry = (text: string): EventEntry => {
    const [EventCode = '', CommandKey = ''] = text.split('|');
    return { EventCode, CommandKey };
  };
  const values: Record<string, string> = {
    'Device.DeviceSummary': 'Device:1.0',
    'Device.DeviceInfo.SoftwareVersion': '49.1.2884',
    'Device.ManagementServer.ParameterKey': '',
    // A CPE without credentials of its own is not to be called here: it would be given some.
    ...(username ? { 'Device.ManagementServer.ConnectionRequestURL': 'http://127.0.0.1:7547/cr' } : {}),
    ...parameters,
  };
  return {
    DeviceId: { Manufacturer: 'Media5', OUI: '0090F8', ProductClass: '4102S', SerialNumber: serial },
    Event: events.map(entry),
    MaxEnvelopes: 1,
    CurrentTime: UNKNOWN_TIME,
    RetryCount: 0,
    ParameterList: Object.entries(values).map(([Name, Value]) => ({ Name, Value, Type: 'xsd:string' })),
  };
}

/** A simple set of parameters that answers as a CPE would. */
export function memoryCpe(values: Record<string, string>): {
  values: Map<string, string>;
  keys: string[];
  answer: (method: MethodName, args: Record<string, unknown>) => Record<string, unknown>;
} {
  const map = new Map(Object.entries(values));
  const keys: string[] = [];
  return {
    values: map,
    keys,
    answer: (method, args) => {
      if (method === 'GetParameterValues') {
        const names = args.ParameterNames as string[];
        const found = [...map].filter(([name]) =>
          names.some(asked => (asked.endsWith('.') ? name.startsWith(asked) : name === asked)),
        );
        return { ParameterList: found.map(([Name, Value]) => ({ Name, Value, Type: 'xsd:string' })) };
      }
      if (method === 'SetParameterValues') {
        for (const { Name, Value } of args.ParameterList as ParameterValue[]) map.set(Name, Value);
        keys.push(String(args.ParameterKey));
        return { Status: 0 };
      }
      if (method === 'Download') return { Status: 1, StartTime: UNKNOWN_TIME, CompleteTime: UNKNOWN_TIME };
      return {};
    },
  };
}
