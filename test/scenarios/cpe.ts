// The CPE of a scenario: bytes over a real socket, one connection a session, messages as the scenario orders them. Each message of
// either side becomes lines of the ladder.
import { seededRandom } from '../../shared/clock.ts';
import type { EventEntry, MethodName, ParameterValue } from '../../shared/cwmp/methods.ts';
import {
  type Body,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  faultBody,
  requestBody,
  responseBody,
} from '../../shared/cwmp/soap.ts';
import { answerChallenge, chooseDigest, formatBasic, parseChallenges } from '../../shared/net/digest.ts';
import { type RawAnswer, RawConnection } from '../support/cpe/raw-cpe.ts';
import { linesOf, valuesOf } from './messages.ts';
import type { Names } from './names.ts';

const UNKNOWN_TIME = '0001-01-01T00:00:00Z';
const KEY = 'Device.ManagementServer.ParameterKey';
const VERSION = 'Device.DeviceInfo.SoftwareVersion';

export interface CpeSettings {
  serial: string;
  login?: { username: string; password: string };
  scheme: 'digest' | 'basic' | 'none';
  /** As behind a trusted proxy that ended TLS. */
  tls: boolean;
  cookies: boolean;
  namespace: Envelope['namespace'];
}

/** A parameter, table or method that the CPE refuses by itself, with the code. */
type Refusals = Map<string, number>;

export class ScenarioCpe {
  readonly settings: CpeSettings = {
    serial: '0090F8000001',
    scheme: 'digest',
    tls: true,
    cookies: true,
    namespace: '1-2',
  };
  /** The values that it answers with by itself, and reports in each Inform where `reported` has them. */
  readonly values = new Map<string, string>([
    [KEY, ''],
    [VERSION, '49.1.100'],
  ]);
  readonly reported = new Set(['Device.DeviceSummary', VERSION, KEY]);
  readonly refusals: Refusals = new Map();
  /** The Status of its SetParameterValuesResponse: 1 where changes wait for a restart. */
  status = 0;
  readonly name: string;
  readonly #url: () => string;
  readonly #write: (line: string) => void;
  readonly #names: Names;
  #connection: RawConnection | undefined;
  #cookie: string | undefined;
  /** The request of the ACS that waits for its answer. */
  #asked: Envelope | undefined;
  /** The next answer of the ACS does not arrive. */
  losesNext = false;

  constructor(name: string, parts: { url: () => string; write: (line: string) => void; names: Names }) {
    const { url, write, names } = parts;
    this.name = name;
    this.#names = names;
    this.#url = url;
    this.#write = write;
    this.values.set('Device.DeviceSummary', 'Device:1.0');
  }

  get id(): string {
    return `0090F8-4102S-${this.settings.serial}`;
  }

  get asked(): Envelope | undefined {
    return this.#asked;
  }

  hangUp(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Begins a session on a connection of its own. */
  async begin(): Promise<void> {
    this.hangUp();
    this.#names.once(`{${this.name}}`, this.id);
    this.#cookie = undefined;
    this.#asked = undefined;
    this.#connection = await RawConnection.open(this.#url());
  }

  async inform(events: readonly string[], more: { retry: number; values: Record<string, string> }): Promise<void> {
    const entry = (text: string): EventEntry => {
      const [EventCode = '', CommandKey = ''] = text.split(':');
      return { EventCode, CommandKey };
    };
    const own = [...this.reported].map(name => [name, this.values.get(name) ?? ''] as const);
    const body = requestBody('Inform', {
      DeviceId: { Manufacturer: 'Media5', OUI: '0090F8', ProductClass: '4102S', SerialNumber: this.settings.serial },
      Event: events.map(entry),
      MaxEnvelopes: 1,
      CurrentTime: UNKNOWN_TIME,
      RetryCount: more.retry,
      ParameterList: valuesOf({ ...Object.fromEntries(own), ...more.values }),
    }) as Body;
    const shown = Object.entries(more.values).map(([name, value]) => ` ${name}=${value}`);
    const retried = more.retry > 0 ? ` RetryCount=${more.retry}` : '';
    await this.send(body, `Inform ${events.join(', ')}${retried}${shown.join('')}`);
  }

  /** Posts a message; `id` is that of the CPE's own requests, an answer carries the one that was asked with. */
  async send(body: Body, label: string): Promise<void> {
    const isAnswer = body.kind !== 'request';
    const id = isAnswer ? this.#asked?.id : '100';
    const { namespace } = this.settings;
    await this.post(encodeEnvelope({ namespace, ...(id === undefined ? {} : { id }), body }), label);
  }

  /** Posts text, and once more with the login when it is challenged. */
  async post(text: string, label: string, headers: Record<string, string> = {}): Promise<void> {
    this.#line('->', [label]);
    const first = await this.#exchange(text, headers);
    const authorization = first && this.#authorization(first);
    if (!first || authorization === undefined) return;
    this.#line('->', [`${label} (${authorization.split(' ')[0]} ${this.settings.login?.username})`]);
    await this.#exchange(text, { ...headers, authorization });
  }

  /** What the CPE says to the request that waits, out of its memory. */
  ownAnswer(): { body: Body; label: string } {
    const body = this.#asked?.body;
    if (body?.kind !== 'request') throw new Error('the ACS has asked nothing');
    const answered = this.#answerTo(body.method, body.args as Record<string, unknown>);
    return { body: answered, label: linesOf(answered).join(' ') };
  }

  #answerTo(method: MethodName, args: Record<string, unknown>): Body {
    const list = (args.ParameterList ?? []) as ParameterValue[];
    const names = [...list.map(({ Name }) => Name), String(args.ObjectName ?? ''), method];
    const refused = names.filter(name => this.refusals.has(name));
    if (refused.length > 0) {
      const faults = refused.map(name => ({ name, code: this.refusals.get(name) ?? 9002, message: 'refused' }));
      const isWhole = refused.includes(method);
      const code = isWhole ? (this.refusals.get(method) ?? 9002) : 9003;
      return faultBody({ code, message: 'refused', parameters: isWhole ? [] : faults });
    }
    return responseBody(method, this.#resultOf(method, args, list) as never) as Body;
  }

  #resultOf(method: MethodName, args: Record<string, unknown>, list: ParameterValue[]): object {
    switch (method) {
      case 'GetParameterValues': {
        const names = args.ParameterNames as string[];
        const fits = (name: string): boolean =>
          names.some(asked => (asked.endsWith('.') ? name.startsWith(asked) : name === asked));
        return { ParameterList: valuesOf(Object.fromEntries([...this.values].filter(([name]) => fits(name)))) };
      }
      case 'SetParameterValues':
        for (const { Name, Value } of list) this.values.set(Name, Value);
        this.values.set(KEY, String(args.ParameterKey));
        return { Status: this.status };
      case 'Download':
      case 'Upload':
        return { Status: 1, StartTime: UNKNOWN_TIME, CompleteTime: UNKNOWN_TIME };
      case 'GetRPCMethods':
        return { MethodList: ['Inform', 'Reboot'] };
      case 'AddObject':
        return { InstanceNumber: 1, Status: 0 };
      case 'DeleteObject':
        return { Status: 0 };
      default:
        return {};
    }
  }

  #authorization({ status, headers }: RawAnswer): string | undefined {
    const { login, scheme } = this.settings;
    if (status !== 401 || !login || scheme === 'none') return undefined;
    if (scheme === 'basic') return formatBasic(login.username, login.password);
    const challenge = chooseDigest(parseChallenges(headers.get('www-authenticate')?.split('\n') ?? []));
    if (!challenge) throw new Error('no digest challenge');
    return answerChallenge({ ...login, challenge, method: 'POST', uri: '/', random: seededRandom(1), nc: 1 });
  }

  async #exchange(text: string, headers: Record<string, string>): Promise<RawAnswer | undefined> {
    if (!this.#connection || this.#connection.ended) this.#connection = await RawConnection.open(this.#url());
    const head = [
      'POST / HTTP/1.1',
      `Host: ${new URL(this.#url()).host}`,
      'Content-Type: text/xml; charset="utf-8"',
      `Content-Length: ${Buffer.byteLength(text)}`,
      ...(this.settings.tls ? ['X-Forwarded-Proto: https'] : []),
      ...(this.#cookie !== undefined && this.settings.cookies ? [`Cookie: ${this.#cookie}`] : []),
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ];
    const answer = await this.#connection.request(head, text).catch((error: unknown) => {
      this.#line('<-', ['the connection ends without an answer']);
      this.#connection = undefined;
      if (!/the connection ended/.test(String(error))) throw error;
    });
    if (!answer) return undefined;
    this.#note(answer);
    return answer;
  }

  #note(answer: RawAnswer): void {
    const envelope = answer.text.includes('Envelope') ? decodeEnvelope(answer.text) : undefined;
    const [first = '', ...below] = envelope ? linesOf(envelope.body) : [answer.text.split('\n')[0] ?? ''];
    if (envelope) this.#nameSecrets(envelope.body);
    const status = answer.status === 200 ? '' : `${answer.status} `;
    const challenge = answer.headers
      .get('www-authenticate')
      ?.split('\n')
      .map(each => each.split(' ')[0]);
    const other = envelope && envelope.namespace !== '1-2' ? ` (cwmp-${envelope.namespace})` : '';
    const wait = answer.headers.get('retry-after') === undefined ? '' : ' Retry-After';
    const label = `${status}${challenge ? challenge.join(', ') : first}${other}${wait}`.replace('  ', ' ').trim();
    if (this.losesNext) {
      this.losesNext = false;
      this.#line('<x', [`${label}, which is lost`, ...below]);
      this.hangUp();
      return;
    }
    this.#cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? this.#cookie;
    this.#asked = envelope?.body.kind === 'request' ? envelope : undefined;
    this.#line('<-', [label, ...below]);
    if (this.#connection?.ended) this.#connection = undefined;
  }

  /** The passwords that the ACS gives out are random. */
  #nameSecrets(body: Body): void {
    if (body.kind !== 'request' || body.method !== 'SetParameterValues') return;
    for (const { Name, Value } of body.args.ParameterList as unknown as ParameterValue[])
      if (/Password$/.test(Name) && Value.length >= 12) this.#names.name('password', Value);
  }

  #line(arrow: '->' | '<-' | '<x', [first = '', ...below]: string[]): void {
    this.#write(`${this.name} ${arrow} ${first}`.trimEnd());
    for (const line of below) this.#write(`       ${line}`);
  }
}
