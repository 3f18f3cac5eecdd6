// A device of a crash run, on real sockets: it does what TR-069 asks of one whose server may vanish between any two bytes. Events
// stay until their Inform is acknowledged, transfers are told until the answer comes, and what was ordered is carried out.
import { createHash } from 'node:crypto';
import type { Random } from '../../shared/clock.ts';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { MethodName, ParameterValue } from '../../shared/cwmp/methods.ts';
import {
  type Body,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  faultBody,
  requestBody,
  responseBody,
} from '../../shared/cwmp/soap.ts';
import { RawConnection } from '../support/cpe/raw-cpe.ts';
import { type Journal, keyOf } from './journal.ts';

/** What becomes of an image: written and run, refused by a fault, or taken with a word of success while the old version goes on. */
export type Manner = 'good' | 'refuse' | 'old';

export interface CrashCpe {
  id: string;
  /** What it runs. */
  version: string;
  values: Map<string, string>;
  parameterKey: string;
  /** One session, and then all that was ordered in it. @returns whether it ended as it should, and with nothing asked */
  session(): Promise<'quiet' | 'busy' | 'lost'>;
  /** Something is still to be told. */
  hasNews(): boolean;
}

export interface CrashCpeSettings {
  serial: string;
  url: string;
  journal: Journal;
  random: Random;
  /** Without it there are no images: all that is fetched is a file. */
  manner?: Manner;
}

interface Transfer {
  method: 'Download' | 'Upload' | 'ScheduleDownload';
  key: string;
  url: string;
  file: string;
  isImage: boolean;
}

const NEVER = '0001-01-01T00:00:00Z';
const ROOT = 'Device.';
/** Attempts to reach the file server: it comes back within seconds. */
const FETCHES = 400;

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
const shaOf = (bytes: string): string => createHash('sha256').update(bytes).digest('hex');

export function crashCpe({ serial, url, journal, random, manner }: CrashCpeSettings): CrashCpe {
  const id = `00C0DE-Box-${serial}`;
  const { host } = new URL(url);
  const values = new Map<string, string>();
  /** Events of the next Inform, with `|CommandKey` where they have one; acknowledged, they are gone. */
  let events = ['0 BOOTSTRAP', '1 BOOT'];
  let ordered: Transfer[] = [];
  let told: { method: Transfer['method']; key: string; code: number }[] = [];
  const departures: { method: 'Reboot' | 'FactoryReset'; key: string }[] = [];
  let instances = 0;

  const cpe: CrashCpe = {
    id,
    version: '1.0',
    values,
    parameterKey: '',
    session,
    hasNews: () => events.length > 0 || told.length > 0,
  };

  const inform = (session: number, codes: string[]): Envelope => {
    const value = (Name: string, Value: string): ParameterValue => ({ Name: ROOT + Name, Value, Type: 'xsd:string' });
    return {
      namespace: '1-2',
      id: String(session),
      body: requestBody('Inform', {
        DeviceId: { Manufacturer: 'Maker', OUI: '00C0DE', ProductClass: 'Box', SerialNumber: serial },
        Event: codes.map(text => {
          const [EventCode = '', CommandKey = ''] = text.split('|');
          return { EventCode, CommandKey };
        }),
        MaxEnvelopes: 1,
        CurrentTime: NEVER,
        RetryCount: 0,
        ParameterList: [
          value('DeviceInfo.SoftwareVersion', cpe.version),
          value('DeviceInfo.ProvisioningCode', `S${session}`),
          value('ManagementServer.ParameterKey', cpe.parameterKey),
        ],
      }),
    };
  };

  async function session(): Promise<'quiet' | 'busy' | 'lost'> {
    const number = journal.next();
    let asked = 0;
    let line: RawConnection | undefined;
    try {
      line = await RawConnection.open(url);
      asked = await talk(line, number);
    } catch (error) {
      journal.add({ kind: 'lost', session: number, device: id, reason: String(error) });
      asked = -1;
    } finally {
      line?.close();
    }
    await carryOut();
    return asked < 0 ? 'lost' : asked > 0 ? 'busy' : 'quiet';
  }

  /** @returns how many requests of the ACS were answered */
  async function talk(line: RawConnection, number: number): Promise<number> {
    let cookie = '';
    const post = async (envelope: Envelope | undefined): Promise<Envelope | undefined> => {
      const body = Buffer.from(envelope ? encodeEnvelope(envelope) : '');
      const head = [
        'POST / HTTP/1.1',
        `Host: ${host}`,
        `Content-Length: ${body.length}`,
        'Content-Type: text/xml; charset="utf-8"',
        'SOAPAction:',
        ...(cookie ? [`Cookie: ${cookie}`] : []),
      ];
      const answer = await line.request(head, body);
      cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie;
      if (answer.status === 204) return undefined;
      if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
      return decodeEnvelope(answer.text);
    };
    await begin(post, number);
    for (const transfer of [...told]) await tell(post, number, transfer);
    let count = 0;
    let request = await post(undefined);
    while (request?.body.kind === 'request') {
      const { method, args } = request.body;
      const rpc = journal.next();
      const key = keyOf(args as Record<string, unknown>);
      journal.add({ kind: 'request', session: number, device: id, rpc, method, key });
      const body = await answerTo(method, args as Record<string, unknown>, rpc);
      const said =
        body.kind === 'fault' ? { code: body.fault.code } : { result: (body as { result?: unknown }).result };
      journal.add({ kind: 'reply', device: id, rpc, ...said });
      request = await post({ namespace: '1-2', ...(request.id === undefined ? {} : { id: request.id }), body });
      journal.add({ kind: 'replied', device: id, rpc });
      count++;
    }
    if (request) throw new Error(`a ${request.body.kind} came where a request was due`);
    journal.add({ kind: 'ended', session: number, device: id });
    return count;
  }

  type Post = (envelope: Envelope | undefined) => Promise<Envelope | undefined>;

  async function begin(post: Post, number: number): Promise<void> {
    const transfers = told.map(({ method, key }) => `M ${method}|${key}`);
    const standing = [...events, ...(transfers.length ? ['7 TRANSFER COMPLETE', ...transfers] : [])].slice(0, 64);
    const sent = standing.length ? standing : ['2 PERIODIC'];
    const before = events;
    journal.add({
      kind: 'inform',
      session: number,
      device: id,
      marker: `S${number}`,
      events: sent,
      version: cpe.version,
    });
    const answer = await post(inform(number, sent));
    if (answer?.body.kind !== 'response') throw new Error(`Inform was answered by ${JSON.stringify(answer?.body)}`);
    journal.add({ kind: 'informed', session: number, device: id });
    events = events.slice(before.length);
  }

  /** TR-069 3.7.1.5: delivered when the TransferCompleteResponse is there, and not before. */
  async function tell(post: Post, number: number, transfer: (typeof told)[number]): Promise<void> {
    const { key, code } = transfer;
    journal.add({ kind: 'transfer', session: number, device: id, key, code });
    const answer = await post({
      namespace: '1-2',
      id: String(number),
      body: requestBody('TransferComplete', {
        CommandKey: key,
        FaultStruct: { FaultCode: code, FaultString: code ? 'no such file' : '' },
        StartTime: NEVER,
        CompleteTime: NEVER,
      }),
    });
    if (answer?.body.kind !== 'response') throw new Error('TransferComplete was refused');
    journal.add({ kind: 'transferred', session: number, device: id, key, code });
    told = told.filter(other => other !== transfer);
  }

  async function answerTo(method: MethodName, args: Record<string, unknown>, rpc: number): Promise<Body> {
    try {
      return responseBody(method, (await carry(method, args, rpc)) as never) as Body;
    } catch (error) {
      if (error instanceof CwmpFault) return faultBody(error);
      throw error;
    }
  }

  async function carry(method: MethodName, args: Record<string, unknown>, rpc: number): Promise<object> {
    switch (method) {
      case 'GetParameterValues':
        return { ParameterList: (args.ParameterNames as string[]).map(name => readingOf(name, rpc)) };
      case 'SetParameterValues':
        return setValues(args);
      case 'GetParameterNames':
        return { ParameterList: [{ Name: `${args.ParameterPath}A`, Writable: true }] };
      case 'GetParameterAttributes':
        return { ParameterList: [] };
      case 'AddObject':
        return { InstanceNumber: ++instances, Status: 0 };
      case 'DeleteObject':
        return { Status: 0 };
      case 'GetRPCMethods':
        return { MethodList: ['GetRPCMethods'] };
      case 'GetQueuedTransfers':
      case 'GetAllQueuedTransfers':
        return { TransferList: [] };
      case 'GetOptions':
        return { OptionList: [] };
      case 'ScheduleInform':
        events.push('3 SCHEDULED', `M ScheduleInform|${args.CommandKey}`);
        events = [...new Set(events)];
        return {};
      case 'Reboot':
      case 'FactoryReset':
        departures.push({ method, key: String(args.CommandKey ?? '') });
        return {};
      case 'Download':
      case 'Upload':
      case 'ScheduleDownload':
        return await transferOrdered(method, args);
      default:
        return {};
    }
  }

  /** A parameter for reading has another value each time. */
  const readingOf = (Name: string, rpc: number): ParameterValue => ({
    Name,
    Value: Name.includes('X_Read.') ? `value ${rpc}` : (values.get(Name) ?? ''),
    Type: 'xsd:string',
  });

  function setValues(args: Record<string, unknown>): object {
    const ParameterList = args.ParameterList as ParameterValue[];
    const refused = ParameterList.filter(({ Name }) => Name.includes('X_Refuse.'));
    if (refused.length > 0) {
      const parameters = refused.map(({ Name }) => ({ name: Name, code: 9008, message: 'not writable' }));
      throw new CwmpFault(9003, 'Invalid arguments', parameters);
    }
    for (const { Name, Value } of ParameterList) values.set(Name, Value);
    cpe.parameterKey = String(args.ParameterKey);
    return { Status: 0 };
  }

  /** Some transfers are done before the answer (Status 0), the others after the session. */
  async function transferOrdered(method: Transfer['method'], args: Record<string, unknown>): Promise<object> {
    const url = String(args.URL);
    const transfer = {
      method,
      key: String(args.CommandKey),
      url,
      file: decodeURIComponent(url.split('/').at(-1) ?? ''),
      isImage: manner !== undefined && args.FileType === '1 Firmware Upgrade Image',
    };
    if (transfer.isImage && manner === 'refuse') throw new CwmpFault(9010, 'no room for it');
    const atOnce =
      !transfer.isImage && method !== 'ScheduleDownload' && !transfer.file.startsWith('site') && random.int(1, 4) === 1;
    if (!atOnce) {
      ordered.push(transfer);
      return method === 'ScheduleDownload' ? {} : { Status: 1, StartTime: NEVER, CompleteTime: NEVER };
    }
    const status = await move(transfer);
    if (status >= 300) throw new CwmpFault(9010, `the file server said ${status}`);
    return { Status: 0, StartTime: NEVER, CompleteTime: NEVER };
  }

  /** @returns the HTTP status; 0 when nobody answers */
  async function move(transfer: Transfer): Promise<number> {
    const { method, url, file, key } = transfer;
    try {
      if (method !== 'Upload') {
        const answer = await fetch(url);
        const text = await answer.text();
        if (transfer.isImage && answer.status === 200) flash(key, text);
        return answer.status;
      }
      const body = `configuration of ${id} for ${key}`;
      journal.add({ kind: 'uploading', device: id, file, value: shaOf(body) });
      const answer = await fetch(url, { method: 'PUT', body });
      await answer.arrayBuffer();
      if (answer.status < 300) journal.add({ kind: 'uploaded', device: id, file });
      return answer.status;
    } catch {
      // The server is down: TR-069 A.3.2.8 lets the device try again before it tells of the transfer.
      return 0;
    }
  }

  /** An image is the text of its version. */
  function flash(key: string, image: string): void {
    if (manner === 'good') cpe.version = image;
    journal.add({ kind: 'flashed', device: id, key, image, version: cpe.version });
    events = [...new Set([...events, '1 BOOT'])];
  }

  async function finish(transfer: Transfer): Promise<void> {
    for (let attempt = 0; attempt < FETCHES; attempt++) {
      const status = await move(transfer);
      if (status > 0 && status < 500) {
        const { method, key } = transfer;
        told.push({ method, key, code: status < 300 ? 0 : 9010 });
        return;
      }
      await pause(50);
    }
    throw new Error(`${transfer.url}: no answer from the file server`);
  }

  /** What was ordered happens, whether or not the ACS has heard the answer. */
  async function carryOut(): Promise<void> {
    for (const transfer of ordered.splice(0)) await finish(transfer);
    for (const { method, key } of departures.splice(0)) {
      if (method === 'Reboot') {
        events = [...new Set([...events, '1 BOOT', `M Reboot|${key}`])];
        continue;
      }
      // TR-069 3.7.1.5 Table 8: with 0 BOOTSTRAP all that was not delivered yet is discarded, ended transfers included.
      values.clear();
      told = [];
      ordered = [];
      cpe.parameterKey = '';
      events = ['0 BOOTSTRAP', '1 BOOT'];
    }
  }

  return cpe;
}
