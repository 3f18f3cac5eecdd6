// One contact with the ACS: opens the connection, composes the Inform, holds the session and records what it delivered.
import type { Arguments, EventEntry, Results } from '../../../shared/cwmp/methods.ts';
import type { Namespace } from '../../../shared/cwmp/versions.ts';
import { withCoding } from '../../../shared/net/coding.ts';
import { authenticated, createHttp, type Send, withCookies, withRedirects } from '../../../shared/net/http.ts';
import type { Device } from '../../state/device.ts';
import type { DownloadRequest, Transfer } from '../../state/facts.ts';
import {
  delivered,
  downloadRequestAnswered,
  REQUEST_DOWNLOAD,
  type ReportedInform,
  transferReported,
  transfersToReport,
} from '../event-ledger.ts';
import { failureOf } from '../failure.ts';
import type { AgentOptions } from '../options.ts';
import type { InformContent } from '../pending-events.ts';
import { compression, credentials } from '../settings.ts';
import { unknownTime } from '../timing.ts';
import { autonomousComplete } from '../transfer/autonomous.ts';
import { userAgent } from '../transfer/transfer.ts';
import { acsView } from '../views/view-of.ts';
import { AcsConnection, type WireTap } from './acs-connection.ts';
import { informOf } from './inform.ts';
import { carryOut, type SessionEffects } from './rpc.ts';
import { holdSession, type OwnRequest, type SessionReport } from './session.ts';

/** TR-069 3.4.2: at least five in a row. */
const MAX_REDIRECTS = 5;

/** The parts of an agent that a session needs. */
export interface ContactHost {
  readonly device: Device;
  readonly options: Pick<AgentOptions, 'http' | 'faultHook' | 'wire' | 'wireHead' | 'askMethods' | 'cwmp'>;
  readonly acs: { readonly namespace: Namespace; readonly takesCompressed: boolean };
  readonly connectionRequestUrl: string;
}

export interface Contact {
  url: string;
  content: InformContent;
  /** Filled with what the ACS orders for after the session. */
  effects: SessionEffects;
  signal: AbortSignal;
}

/** Rejects only when `signal` aborts; all other failures are in the report. */
export async function contactAcs(agent: ContactHost, contact: Contact): Promise<SessionReport> {
  const { device, options } = agent;
  const { content, signal } = contact;
  const report: SessionReport = { ok: false, informed: false, events: [...content.events], rpcs: [] };
  const http = (options.http ?? createHttp)({
    clock: device.clock,
    localAddress: device.address,
    tls: () => device.tls('Cwmp'),
  });
  try {
    await converse(agent, contact, withHeads(http.send, options.wireHead), report);
    report.ok = true;
  } catch (error) {
    signal.throwIfAborted();
    report.error = failureOf(error);
    if (report.error.kind === 'internal') device.log.error('CWMP session failed with an internal error', { error });
  } finally {
    const tls = http.lastTls();
    if (tls) report.tls = { version: tls.version, cipher: tls.cipher };
    await http.close();
  }
  return report;
}

const lines = (headers: Readonly<Record<string, string | readonly string[]>>): string[] =>
  Object.entries(headers).flatMap(([name, value]) => [value].flat().map(one => `${name}: ${one}`));

/** Shows the heads of every request and answer, those of challenges, redirects and empty POSTs too. */
function withHeads(send: Send, show: WireTap | undefined): Send {
  if (!show) return send;
  return async request => {
    const length = Buffer.byteLength(request.body ?? '');
    show('cpe', [`${request.method} ${request.url} (${length} bytes)`, ...lines(request.headers)].join('\n'));
    const answer = await send(request);
    show('acs', [`${answer.status} (${answer.body.length} bytes)`, ...lines(answer.headers)].join('\n'));
    return answer;
  };
}

async function converse(agent: ContactHost, contact: Contact, send: Send, report: SessionReport): Promise<void> {
  const { device, options, acs } = agent;
  const { url, signal, effects } = contact;
  const { events, changed, changedAgain } = contact.content;
  const view = acsView(device);
  const connection = new AcsConnection({
    url,
    send: withLogin(agent, send),
    userAgent: userAgent(device),
    wire: options.wire,
    signal,
  });
  const reported: ReportedInform = { url, events, changed, softwareVersion: device.softwareVersion };
  await holdSession(
    {
      connection,
      log: device.log,
      inform: informOf(device, view, [...events], changed, agent.connectionRequestUrl),
      namespace: acs.namespace,
      supportedVersions: options.cwmp?.supportedVersions,
      newId: () => device.random.bytes(8).toString('hex'),
      informed: () => device.state.record(facts => delivered(facts, reported, changedAgain)),
      requests: () => [...ownRequests(device, events), ...(options.askMethods ? [methodsRequest(device)] : [])],
      carryOut: (method, args) => {
        const perform = (): ReturnType<typeof carryOut<typeof method>> =>
          carryOut({ device, view, effects }, method, args);
        return options.faultHook?.carryOut(method, args, perform) ?? perform();
      },
    },
    report,
  );
}

/** Cookies innermost, so that those of a 401 or a redirect count too; the digest is made for the target of a redirect. */
function withLogin({ device, acs }: ContactHost, send: Send): Send {
  const coded = withCoding(() => (acs.takesCompressed ? compression(device) : undefined))(send);
  const login = { credentials: () => credentials(device, ''), random: device.random };
  return withRedirects(MAX_REDIRECTS)(authenticated(withCookies(coded), login));
}

/** Requests that this Inform announced: a TransferComplete for every transfer that ended (TR-069 A.3.3.2, A.3.3.3), a RequestDownload for every file asked for. */
function ownRequests(device: Device, events: readonly EventEntry[]): OwnRequest[] {
  const downloads = events.some(({ EventCode }) => EventCode === REQUEST_DOWNLOAD)
    ? (device.state.facts.wishes ?? [])
    : [];
  return [
    ...transfersToReport(device.state.facts, events).map(transfer => completion(device, transfer)),
    ...downloads.map(download => requestDownload(device, download)),
  ];
}

function completion(device: Device, transfer: Transfer): OwnRequest {
  const answered = (): Promise<void> => device.state.record(facts => transferReported(facts, transfer.id));
  if (transfer.kind === 'Autonomous') {
    return { method: 'AutonomousTransferComplete', args: autonomousComplete(transfer), answered, unknown: answered };
  }
  const args: Arguments<'TransferComplete'> = {
    CommandKey: transfer.commandKey,
    FaultStruct: { FaultCode: transfer.fault?.code ?? 0, FaultString: transfer.fault?.message ?? '' },
    StartTime: transfer.startTime ?? unknownTime,
    CompleteTime: transfer.completeTime ?? unknownTime,
  };
  return { method: 'TransferComplete', args, answered };
}

/** GetRPCMethods, TR-069 A.3.1.1, from the CPE to the ACS. */
function methodsRequest(device: Device): OwnRequest {
  return {
    method: 'GetRPCMethods',
    args: {},
    answered: async result => {
      const { MethodList } = result as Results<'GetRPCMethods'>;
      device.log.info('ACS methods received', { methods: MethodList });
    },
    unknown: async () => device.log.info('ACS methods not available'),
  };
}

/** RequestDownload, TR-069 A.4.2.2. */
function requestDownload(device: Device, request: DownloadRequest): OwnRequest {
  const answered = (): Promise<void> => device.state.record(facts => downloadRequestAnswered(facts, request));
  const args: Arguments<'RequestDownload'> = { FileType: request.fileType, FileTypeArg: request.args };
  return { method: 'RequestDownload', args, answered, unknown: answered };
}
