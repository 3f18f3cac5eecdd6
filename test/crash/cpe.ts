// A device of a crash run, on real sockets: it does what TR-069 asks of a device whose server may vanish between any two bytes. Events
// stay until their Inform is acknowledged, transfers are reported until that is answered, and what was ordered is carried out.
import type { ParameterValue } from '../../shared/cwmp/methods.ts';
import { type Body, decodeEnvelope, type Envelope, encodeEnvelope, requestBody } from '../../shared/cwmp/soap.ts';
import { RawConnection } from '../support/cpe/raw-cpe.ts';
import { CpeRpcs } from './cpe-rpcs.ts';
import { CpeState, type CrashCpeSettings } from './cpe-state.ts';
import { CpeTransfers, type EndedTransfer } from './cpe-transfers.ts';
import { keyOf } from './journal.ts';

const NEVER = '0001-01-01T00:00:00Z';
const MAX_EVENTS = 64;

export class CrashCpe {
  readonly #state: CpeState;
  readonly #transfers: CpeTransfers;
  readonly #rpcs: CpeRpcs;

  constructor(settings: CrashCpeSettings) {
    this.#state = new CpeState(settings);
    this.#transfers = new CpeTransfers(this.#state);
    this.#rpcs = new CpeRpcs(this.#state, this.#transfers);
  }

  get id(): string {
    return this.#state.id;
  }

  get version(): string {
    return this.#state.version;
  }

  get values(): Map<string, string> {
    return this.#state.values;
  }

  get parameterKey(): string {
    return this.#state.parameterKey;
  }

  /** Something is still to be reported. */
  hasNews(): boolean {
    return this.#state.events.length > 0 || this.#transfers.ended.length > 0;
  }

  /** One session, and then all that was ordered in it. @returns `quiet` where it ended as it should and nothing was asked */
  async session(): Promise<'quiet' | 'busy' | 'lost'> {
    const { journal, settings } = this.#state;
    const number = journal.next();
    let asked = 0;
    let line: RawConnection | undefined;
    try {
      line = await RawConnection.open(settings.url);
      asked = await new CrashSession(this.#state, new CrashHttp(line, settings.url), number).talk(
        this.#transfers,
        this.#rpcs,
      );
    } catch (error) {
      journal.add({ kind: 'lost', session: number, device: this.id, reason: String(error) });
      asked = -1;
    } finally {
      line?.close();
    }
    await this.#carryOut();
    return asked < 0 ? 'lost' : asked > 0 ? 'busy' : 'quiet';
  }

  /** Carries out all that was ordered, whether or not the ACS has heard the answer. */
  async #carryOut(): Promise<void> {
    await this.#transfers.carryOut();
    for (const { method, key } of this.#state.departures.splice(0)) {
      if (method === 'Reboot') this.#state.addEvents('1 BOOT', `M Reboot|${key}`);
      else {
        this.#transfers.forget();
        this.#state.reset();
      }
    }
  }
}

/** One session on one connection. */
class CrashSession {
  readonly #state: CpeState;
  readonly #http: CrashHttp;
  readonly #number: number;

  constructor(state: CpeState, http: CrashHttp, number: number) {
    this.#state = state;
    this.#http = http;
    this.#number = number;
  }

  /** @returns how many requests of the ACS were answered */
  async talk(transfers: CpeTransfers, rpcs: CpeRpcs): Promise<number> {
    const { journal, id } = this.#state;
    await this.#begin(transfers);
    for (const transfer of [...transfers.ended]) {
      await this.#report(transfer);
      transfers.reported(transfer);
    }
    let count = 0;
    let request = await this.#http.post(undefined);
    for (; request?.body.kind === 'request'; count++) request = await this.#answer(request, rpcs);
    if (request) throw new Error(`a ${request.body.kind} came where a request was due`);
    journal.add({ kind: 'ended', session: this.#number, device: id });
    return count;
  }

  async #answer(request: Envelope, rpcs: CpeRpcs): Promise<Envelope | undefined> {
    if (request.body.kind !== 'request') return undefined;
    const { journal, id: device } = this.#state;
    const { method } = request.body;
    const args = request.body.args as Record<string, unknown>;
    const rpc = journal.next();
    journal.add({ kind: 'request', session: this.#number, device, rpc, method, key: keyOf(args) });
    const body = await rpcs.answerTo(method, args, rpc);
    const said = body.kind === 'fault' ? { code: body.fault.code } : { result: (body as { result?: unknown }).result };
    journal.add({ kind: 'reply', device, rpc, ...said });
    const next = await this.#http.post({
      namespace: '1-2',
      ...(request.id === undefined ? {} : { id: request.id }),
      body,
    });
    journal.add({ kind: 'replied', device, rpc });
    return next;
  }

  async #begin(transfers: CpeTransfers): Promise<void> {
    const state = this.#state;
    const { id: device, version, journal } = state;
    const session = this.#number;
    const methods = transfers.ended.map(({ method, key }) => `M ${method}|${key}`);
    const due = [...state.events, ...(methods.length ? ['7 TRANSFER COMPLETE', ...methods] : [])].slice(0, MAX_EVENTS);
    const events = due.length ? due : ['2 PERIODIC'];
    const before = state.events;
    journal.add({ kind: 'inform', session, device, marker: `S${session}`, events, version });
    const answer = await this.#http.post({
      namespace: '1-2',
      id: String(session),
      body: informOf(state, session, events),
    });
    if (answer?.body.kind !== 'response') throw new Error(`Inform was answered by ${JSON.stringify(answer?.body)}`);
    journal.add({ kind: 'informed', session, device });
    state.events = state.events.slice(before.length);
  }

  /** TR-069 3.7.1.5: delivered when the TransferCompleteResponse is there, and not before. */
  async #report({ key, code }: EndedTransfer): Promise<void> {
    const { journal, id: device } = this.#state;
    const session = this.#number;
    journal.add({ kind: 'transfer', session, device, key, code });
    const FaultStruct = { FaultCode: code, FaultString: code ? 'no such file' : '' };
    const times = { StartTime: NEVER, CompleteTime: NEVER };
    const body = requestBody('TransferComplete', { CommandKey: key, FaultStruct, ...times });
    const answer = await this.#http.post({ namespace: '1-2', id: String(session), body });
    if (answer?.body.kind !== 'response') throw new Error('TransferComplete was refused');
    journal.add({ kind: 'transferred', session, device, key, code });
  }
}

/** The body of an Inform; its ProvisioningCode marks the session. */
function informOf({ settings, version, parameterKey }: CpeState, session: number, events: readonly string[]): Body {
  const value = (name: string, Value: string): ParameterValue => {
    return { Name: `Device.${name}`, Value, Type: 'xsd:string' };
  };
  return requestBody('Inform', {
    DeviceId: { Manufacturer: 'Maker', OUI: '00C0DE', ProductClass: 'Box', SerialNumber: settings.serial },
    Event: events.map(text => {
      const [EventCode = '', CommandKey = ''] = text.split('|');
      return { EventCode, CommandKey };
    }),
    MaxEnvelopes: 1,
    CurrentTime: NEVER,
    RetryCount: 0,
    ParameterList: [
      value('DeviceInfo.SoftwareVersion', version),
      value('DeviceInfo.ProvisioningCode', `S${session}`),
      value('ManagementServer.ParameterKey', parameterKey),
    ],
  });
}

/** POSTs of one session over one connection. */
class CrashHttp {
  readonly #line: RawConnection;
  readonly #host: string;
  #cookie = '';

  constructor(line: RawConnection, url: string) {
    this.#line = line;
    this.#host = new URL(url).host;
  }

  /** @throws Error for another status than 200 or 204 */
  async post(envelope: Envelope | undefined): Promise<Envelope | undefined> {
    const body = Buffer.from(envelope ? encodeEnvelope(envelope) : '');
    const head = [
      'POST / HTTP/1.1',
      `Host: ${this.#host}`,
      `Content-Length: ${body.length}`,
      'Content-Type: text/xml; charset="utf-8"',
      'SOAPAction:',
      ...(this.#cookie ? [`Cookie: ${this.#cookie}`] : []),
    ];
    const answer = await this.#line.request(head, body);
    this.#cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? this.#cookie;
    if (answer.status === 204) return undefined;
    if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
    return decodeEnvelope(answer.text);
  }
}
