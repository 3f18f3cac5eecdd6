// The fax of one call over UDPTL: its port, its packets, and a fax machine behind them.
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { Port } from '../../../shared/net/port.ts';
import { onDatagram, sendDatagram } from '../../../shared/net/udp.ts';
import type { MediaPorts } from '../media/ports.ts';
import { decodeIfp, encodeIfp, type Ifp } from './ifp.ts';
import { FaxLine } from './line.ts';
import type { FaxPage } from './t4.ts';
import { receivePages, sendPage } from './t30.ts';
import { UdptlReceiver, UdptlSender } from './udptl.ts';

/** A fax as it is, or as it was at its end. */
export interface FaxReport {
  direction: 'sent' | 'received';
  state: 'running' | 'complete' | 'failed';
  /** Absent unless it failed. */
  reason?: string;
  pages: number;
  /** Of all pages. */
  rows: number;
  /** Bit/s of the modem; 0 until a fax is complete. */
  rate: number;
  /** UDPTL datagrams, and IFP packets that were lost beyond repair. */
  sent: number;
  received: number;
  lost: number;
  /** Datagrams that were no UDPTL with IFP, or came from elsewhere. */
  strangers: number;
}

interface FaxSessionOptions {
  ports: MediaPorts;
  remote: { address: string; port: Port };
  redundancy: number;
  /** Bit/s of the fastest modem that the peer wants, and bytes of the longest datagram that it takes. */
  maxRate: number;
  maxDatagram: number;
  clock: Clock;
  log: Log;
}

export class FaxSession {
  readonly #options: FaxSessionOptions;
  readonly #over = new AbortController();
  readonly #sender: UdptlSender;
  readonly #receiver = new UdptlReceiver();
  readonly #line: FaxLine;
  readonly #counts = { sent: 0, strangers: 0 };
  #result: Pick<FaxReport, 'direction' | 'state' | 'reason' | 'rate'> = {
    direction: 'received',
    state: 'running',
    rate: 0,
  };
  /** Those sent or received. */
  pages: readonly FaxPage[] = [];

  constructor(options: FaxSessionOptions) {
    const { ports, redundancy, maxDatagram, clock, log } = options;
    this.#options = options;
    this.#sender = new UdptlSender(redundancy, maxDatagram);
    this.#line = new FaxLine(clock, packet => this.#transmit(packet), this.#over.signal);
    onDatagram(ports.rtp, log, (bytes, from) => this.#take(bytes, from.address));
    ports.rtp.on('error', error => log.debug('fax socket failed', { reason: messageOf(error) }));
  }

  report(): FaxReport {
    const { received, lost } = this.#receiver;
    const rows = this.pages.reduce((sum, page) => sum + page.rows.length, 0);
    return { ...this.#result, pages: this.pages.length, rows, ...this.#counts, received, lost };
  }

  /** Sends a page as the calling machine, or without one receives pages as the called one. Never rejects: the report has the reason. */
  async run(page?: FaxPage): Promise<FaxReport> {
    const direction = page ? 'sent' : 'received';
    this.#result = { direction, state: 'running', rate: 0 };
    try {
      const { rate, pages } = page
        ? { ...(await sendPage(this.#line, page, this.#options.maxRate)), pages: [page] }
        : await receivePages(this.#line);
      this.pages = pages;
      this.#result = { direction, state: 'complete', rate };
    } catch (error) {
      this.#result = { direction, state: 'failed', reason: messageOf(error), rate: 0 };
    }
    return this.report();
  }

  /** Ends the fax with its call, and closes the port. */
  async stop(): Promise<void> {
    this.#over.abort(new Error('the call ended'));
    await this.#options.ports.close();
  }

  #take(bytes: Buffer, address: string): void {
    const packets = address === this.#options.remote.address ? this.#receiver.take(bytes) : undefined;
    if (!packets) this.#counts.strangers++;
    for (const packet of packets ?? []) {
      const ifp = decodeIfp(packet);
      if (ifp) this.#line.take(ifp);
      else this.#counts.strangers++;
    }
  }

  #transmit(packet: Ifp): void {
    const { ports, remote, log } = this.#options;
    this.#counts.sent++;
    const to = { host: remote.address, port: remote.port };
    sendDatagram(ports.rtp, this.#sender.next(encodeIfp(packet)), to, error => {
      if (error) log.debug('fax packet not sent', { reason: messageOf(error) });
    });
  }
}
