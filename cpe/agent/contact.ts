// One contact with the ACS: opens the connection, composes the Inform, holds the session and settles what it delivered.
import { setImmediate as turn } from 'node:timers/promises';
import type { Arguments, EventEntry, Results } from '../../shared/cwmp/methods.ts';
import type { Namespace } from '../../shared/cwmp/versions.ts';
import { withCoding } from '../../shared/net/coding.ts';
import {
  authenticated,
  createHttp,
  type HttpClient,
  HttpError,
  type Send,
  withCookies,
  withRedirects,
} from '../../shared/net/http.ts';
import type { Device } from '../state/device.ts';
import type { DownloadRequest, Transfer } from '../state/facts.ts';
import type { FaultHook } from '../state/fault-hook.ts';
import { openLine, type WireTap } from './acs-connection.ts';
import {
  delivered,
  downloadRequestAnswered,
  REQUEST_DOWNLOAD,
  type ReportedInform,
  transferReported,
  transfersToReport,
} from './event-ledger.ts';
import { failureOf } from './failure.ts';
import { compression, credentials, informOf } from './inform.ts';
import type { InformContent } from './pending-events.ts';
import { carryOut, type SessionEffects } from './rpc.ts';
import { holdSession, type OwnRequest, type SessionReport } from './session.ts';
import { unknownTime } from './timing.ts';
import { autonomousComplete } from './transfer/autonomous.ts';
import { userAgent } from './transfer/transfer.ts';

/** TR-069 3.4.2: at least five in a row. */
const MAX_REDIRECTS = 5;

export interface ContactInput {
  device: Device;
  url: string;
  telling: InformContent;
  connectionRequestUrl: string;
  namespace: Namespace;
  supportedVersions?: string[] | undefined;
  /** Whether to compress, where the settings say so: an ACS that cannot read it is spoken to without (TR-069 3.4.7). */
  compress: boolean;
  askMethods: boolean;
  http?: typeof createHttp | undefined;
  /** Stands between what is ordered and how it is done. */
  faultHook?: FaultHook | undefined;
  wire?: WireTap | undefined;
  signal: AbortSignal;
  /** Filled with what the ACS orders for after the session. */
  effects: SessionEffects;
}

/** @returns how it went; rejects only when `signal` aborts */
export async function contactAcs(input: ContactInput): Promise<SessionReport> {
  const { device, telling, signal } = input;
  const report: SessionReport = { ok: false, informed: false, events: [...telling.events], rpcs: [] };
  let connections = 0;
  const http = (input.http ?? createHttp)({
    clock: device.clock,
    localAddress: device.address,
    tls: () => device.tls('Cwmp'),
    onConnection: () => connections++,
  });
  try {
    await converse(
      input,
      overNewConnections(http, () => connections),
      report,
    );
    report.ok = true;
  } catch (error) {
    signal.throwIfAborted();
    report.error = failureOf(error);
    if (report.error.kind === 'internal') device.log.error('session failed', { error });
  } finally {
    const tls = http.lastTls();
    if (tls) report.tls = { version: tls.version, cipher: tls.cipher };
    await http.close();
  }
  return report;
}

/** A server that resets a connection has not read what it was sent there; one that read it and died just closes. */
const unread = new Set(['ECONNRESET', 'EPIPE']);

/**
 * TR-069 3.4.2: an ACS may close the connection after any answer, and the session goes on over a new one. A request that met a
 * connection already closed is sent once more; one that was read and not answered is a failed session.
 */
function overNewConnections(http: HttpClient, connections: () => number): Send {
  return async request => {
    const before = connections();
    // Lets the end of a connection that came along with the last answer be noticed.
    if (before > 0) await turn();
    try {
      return await http.send(request);
    } catch (error) {
      const known = before > 0 && connections() === before;
      const again = known && error instanceof HttpError && unread.has(error.code ?? '');
      if (!again || request.signal?.aborted) throw error;
      return http.send(request);
    }
  };
}

async function converse(input: ContactInput, send: Send, report: SessionReport): Promise<void> {
  const { device, url, signal, effects } = input;
  const { events, changed, changedAgain } = input.telling;
  const line = openLine({
    url,
    // Cookies innermost, so that those of a 401 or a redirect count too; the digest is made for where a redirect leads.
    send: withRedirects(MAX_REDIRECTS)(
      authenticated(withCookies(withCoding(() => (input.compress ? compression(device) : undefined))(send)), {
        credentials: () => credentials(device, ''),
        random: device.random,
      }),
    ),
    userAgent: userAgent(device),
    wire: input.wire,
    signal,
  });
  const told: ReportedInform = { url, events, changed, softwareVersion: device.softwareVersion };
  await holdSession(
    {
      line,
      log: device.log,
      inform: informOf(device, [...events], changed, input.connectionRequestUrl),
      namespace: input.namespace,
      supportedVersions: input.supportedVersions,
      newId: () => device.random.bytes(8).toString('hex'),
      informed: () => device.state.record(facts => delivered(facts, told, changedAgain)),
      requests: () => [...outcomes(device, events), ...(input.askMethods ? [methodsQuestion(device)] : [])],
      carryOut: (method, args) => {
        const honest = (): ReturnType<typeof carryOut<typeof method>> => carryOut({ device, effects }, method, args);
        return input.faultHook?.carryOut(method, args, honest) ?? honest();
      },
    },
    report,
  );
}

/** What this Inform announced: a TransferComplete for every transfer that ended (TR-069 A.3.3.2, A.3.3.3), a RequestDownload for every wish. */
function outcomes(device: Device, events: readonly EventEntry[]): OwnRequest[] {
  const asks = events.some(({ EventCode }) => EventCode === REQUEST_DOWNLOAD) ? (device.state.facts.wishes ?? []) : [];
  return [
    ...transfersToReport(device.state.facts, events).map(transfer => completion(device, transfer)),
    ...asks.map(wish => requestDownload(device, wish)),
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

/** TR-069 A.3.1.1, here asked of the ACS. */
function methodsQuestion(device: Device): OwnRequest {
  return {
    method: 'GetRPCMethods',
    args: {},
    answered: async result => {
      const { MethodList } = result as Results<'GetRPCMethods'>;
      device.log.info('methods of the ACS', { methods: MethodList });
    },
    unknown: async () => device.log.info('the ACS does not tell its methods'),
  };
}

/** TR-069 A.4.2.2 */
function requestDownload(device: Device, wish: DownloadRequest): OwnRequest {
  const answered = (): Promise<void> => device.state.record(facts => downloadRequestAnswered(facts, wish));
  const args: Arguments<'RequestDownload'> = { FileType: wish.fileType, FileTypeArg: wish.args };
  return { method: 'RequestDownload', args, answered, unknown: answered };
}
