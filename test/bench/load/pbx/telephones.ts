// Thousands of SIP telephones as a process of its own, each with its own socket, so that their cost is not the exchange's.
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { systemClock, systemRandom } from '../../../../shared/clock.ts';
import { messageOf } from '../../../../shared/errors.ts';
import { silentLog } from '../../../../shared/log.ts';
import type { Flow } from '../../../../shared/sip/flow-types.ts';
import { TransactionLayer } from '../../../../shared/sip/transaction.ts';
import { SipTransport } from '../../../../shared/sip/transport.ts';
import type { PhonesReport, PhonesRequest, Place } from './requests.ts';
import { Telephone } from './telephone.ts';

/** Telephones of one address: a server bounds the connections of each. */
const PER_ADDRESS = 800;
/** Each telephone would have a table of its own. */
const MAX_TRANSACTIONS = 1_000_000;

const clock = systemClock();
const random = systemRandom();
const emptyReport = (): PhonesReport => ({ registered: 0, failed: 0, lastError: '', seconds: 0, notified: 0 });
const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** The flows of all telephones, and what comes over them. */
class TelephoneFlows {
  readonly layer: TransactionLayer;
  readonly #transport = new SipTransport({ clock, log: silentLog, maxConnections: 20_000 });
  readonly #telephones = new Map<Flow, Telephone>();

  constructor() {
    this.layer = new TransactionLayer({
      transport: this.#transport,
      ...{ clock, random, log: silentLog, maxTransactions: MAX_TRANSACTIONS },
      onRequest: transaction => {
        const telephone = this.#telephones.get(transaction.flow);
        if (telephone) telephone.take(transaction);
        else transaction.respond(404);
      },
      onAck: () => undefined,
    });
  }

  connect({ host, port, protocol }: Place, localAddress: string): Promise<Flow> {
    const base = { protocol, host, port, localAddress };
    if (protocol === 'udp') return this.#transport.connect(base);
    const tlsSocket = async (): Promise<TLSSocket> => {
      // The certificate is not what is measured.
      const socket = tlsConnect({ socket: connect({ host, port, localAddress }), rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      return socket;
    };
    return this.#transport.connect({ ...base, tlsConnect: tlsSocket });
  }

  /** Requests over that flow are for that telephone. */
  give(flow: Flow, telephone: Telephone): void {
    this.#telephones.set(flow, telephone);
  }
}

interface Outcomes {
  registered: number;
  failed: number;
  lastError: string;
}

class Telephones {
  readonly #flows = new TelephoneFlows();
  readonly #all: Telephone[] = [];
  /** Registrations that follow a NOTIFY. */
  #anew: (Outcomes & { notified: number }) | undefined;

  async run(request: PhonesRequest): Promise<PhonesReport> {
    const report = emptyReport();
    const began = performance.now();
    if (request.kind === 'register') await this.#registerNew(request, report);
    else if (request.kind === 'refresh') await refresh(this.#all, request.atOnce, report);
    else if (request.kind === 'calls') await playCalls(this.#all, request, report);
    else if (request.kind === 'await-notify') this.#awaitNotify();
    else await this.#settled(request.withinMs, report);
    report.seconds = (performance.now() - began) / 1000;
    return report;
  }

  async #registerNew(request: PhonesRequest & { kind: 'register' }, report: PhonesReport): Promise<void> {
    const { place, first, count, atOnce, userAgent, expires } = request;
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < count) {
        const nth = next++;
        const number = String(first + nth);
        await counted(report, async () => {
          const flow = await this.#flows.connect(place, `127.14.0.${1 + Math.floor(nth / PER_ADDRESS)}`);
          const { layer } = this.#flows;
          const telephone = new Telephone(
            { number, pin: number, domain: place.domain, userAgent, flow, layer, random },
            expires,
          );
          this.#flows.give(flow, telephone);
          await telephone.register();
          this.#all.push(telephone);
        });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }

  #awaitNotify(): void {
    const anew = { notified: 0, registered: 0, failed: 0, lastError: '' };
    this.#anew = anew;
    for (const telephone of this.#all)
      telephone.onNotified = () => {
        telephone.onNotified = undefined;
        anew.notified++;
        void counted(anew, () => telephone.register());
      };
  }

  async #settled(withinMs: number, report: PhonesReport): Promise<void> {
    const end = performance.now() + withinMs;
    const anew = this.#anew ?? emptyReport();
    while (anew.registered + anew.failed < this.#all.length && performance.now() < end) await pause(20);
    Object.assign(report, anew);
  }
}

async function counted(report: Outcomes, register: () => Promise<void>): Promise<void> {
  try {
    await register();
    report.registered++;
  } catch (error) {
    // Counted: the bench decides what a failure means.
    report.failed++;
    report.lastError = messageOf(error);
  }
}

async function refresh(telephones: readonly Telephone[], atOnce: number, report: Outcomes): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let one = telephones[next++]; one; one = telephones[next++]) {
      const telephone = one;
      await counted(report, () => telephone.register());
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** The first half of the telephones calls the second half. */
async function playCalls(
  telephones: readonly Telephone[],
  { perMinute, seconds, refreshesPerSecond, talkMs }: PhonesRequest & { kind: 'calls' },
  report: PhonesReport,
): Promise<void> {
  const calls = { placed: 0, up: 0, ended: 0, setupMs: [] as number[] };
  report.calls = calls;
  const end = performance.now() + seconds * 1000;
  const half = Math.floor(telephones.length / 2);
  const one = async (nth: number): Promise<void> => {
    const [caller, callee] = [telephones[nth % half], telephones[half + (nth % half)]];
    if (!caller || !callee) return;
    calls.placed++;
    try {
      const call = await caller.call(callee.number);
      calls.up++;
      calls.setupMs.push(call.setupMs);
      await pause(talkMs);
      await call.end();
      calls.ended++;
    } catch (error) {
      report.failed++;
      report.lastError = messageOf(error);
    }
  };
  await Promise.all([
    atPace(perMinute / 60, end, one),
    atPace(refreshesPerSecond, end, async nth => {
      const telephone = telephones[nth % telephones.length];
      if (telephone) await counted(report, () => telephone.register());
    }),
  ]);
}

/** Begins one after the other at that pace, and waits for all. */
async function atPace(perSecond: number, end: number, one: (nth: number) => Promise<void>): Promise<void> {
  if (perSecond <= 0) return;
  const running: Promise<void>[] = [];
  let at = performance.now();
  for (let nth = 0; at < end; nth++, at += 1000 / perSecond) {
    const wait = at - performance.now();
    if (wait > 0) await pause(wait);
    running.push(one(nth));
  }
  await Promise.all(running);
}

const telephones = new Telephones();
process.on('message', (request: PhonesRequest) => {
  telephones.run(request).then(
    report => process.send?.(report),
    (error: unknown) => {
      throw error;
    },
  );
});
