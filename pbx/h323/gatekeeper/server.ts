// RAS (H.225.0 7): takes each message, has it answered, and gives a repeated request the answer that it had.
import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import { H323Error } from '../error.ts';
import type { RasMessage } from '../messages.ts';
import { decodeRas, encodeRas } from '../ras.ts';
import type { RasChannel } from '../transport/channel.ts';
import { MessageRate } from '../transport/message-rate.ts';
import type { Admissions } from './admissions.ts';
import { type DiscoveryOptions, discover } from './discovery.ts';
import type { Endpoints } from './endpoints.ts';
import type { OwnRequests } from './own-requests.ts';
import { RecentAnswers } from './recent-answers.ts';
import { type Registrations, unregister } from './registrations.ts';

interface RasOptions extends DiscoveryOptions {
  clock: Clock;
  log: Log;
  endpoints: Endpoints;
  registrations: Registrations;
  admissions: Admissions;
  own: OwnRequests;
  /** Told the name of each message that can be read. */
  heard: (type: string) => void;
  /** Messages that one network may send in a second. */
  mostPerSecond: number;
}

export class RasServer {
  readonly #options: RasOptions;
  readonly #rate: MessageRate;
  readonly #recent: RecentAnswers;

  constructor(options: RasOptions) {
    this.#options = options;
    this.#rate = new MessageRate(options.clock, options.mostPerSecond);
    this.#recent = new RecentAnswers(options.clock);
  }

  take(bytes: Buffer, channel: RasChannel): void {
    const { log, heard } = this.#options;
    const address = channel.remote.host;
    if (!this.#rate.allows(address)) return void log.warn('RAS messages of one network limited', { address });
    try {
      const message = decodeRas(bytes);
      for (const type of Object.keys(message)) heard(type);
      if (this.#isAnswer(message, channel)) return;
      this.#serve(message, bytes, channel);
    } catch (error) {
      if (!(error instanceof H323Error)) throw error;
      log.info('RAS message unreadable', { address, reason: error.message, bytes: bytes.length });
    }
  }

  /** Answers of endpoints; one that no request waits for is dropped. */
  #isAnswer(message: RasMessage, channel: RasChannel): boolean {
    const { own, log } = this.#options;
    for (const [name, content] of Object.entries(message) as [string, { requestSeqNum?: number }][]) {
      if (!answers.has(name)) continue;
      const isAwaited = own.answered(content.requestSeqNum ?? 0, message, channel);
      if (!isAwaited) log.debug('RAS answer without request', { from: channel.remote.host, name });
      return true;
    }
    return false;
  }

  #serve(message: RasMessage, bytes: Buffer, channel: RasChannel): void {
    const number = numberOf(message);
    const key = `${channel.key} ${number}`;
    const known = this.#recent.begin(key, bytes);
    if (known !== 'new') {
      if (known) channel.send(known);
      return;
    }
    const answer = (given: RasMessage): void => {
      const encoded = encodeRas(given);
      this.#recent.answered(key, encoded);
      channel.send(encoded);
    };
    const wait = (delay: number): void =>
      channel.send(encodeRas({ requestInProgress: { requestSeqNum: number, delay } }));
    const failed = (error: unknown): void => this.#options.log.error('RAS request failed', { error });
    const given = this.#answer(message, channel, wait) ?? unknown(number, bytes);
    if (given instanceof Promise) given.then(answer).catch(failed);
    else answer(given);
  }

  /** @returns undefined for a message that the gatekeeper does not serve */
  #answer(
    message: RasMessage,
    channel: RasChannel,
    wait: (ms: number) => void,
  ): RasMessage | Promise<RasMessage> | undefined {
    const { registrations, admissions, endpoints } = this.#options;
    if ('gatekeeperRequest' in message) return discover(message.gatekeeperRequest, channel, this.#options);
    if ('registrationRequest' in message) return registrations.register(message.registrationRequest, channel, wait);
    if ('unregistrationRequest' in message) return unregister(message.unregistrationRequest, channel, endpoints);
    if ('admissionRequest' in message) return admissions.admit(message.admissionRequest, channel);
    if ('bandwidthRequest' in message) return admissions.bandwidth(message.bandwidthRequest, channel);
    if ('disengageRequest' in message) return admissions.disengage(message.disengageRequest, channel);
    if ('locationRequest' in message) return admissions.locate(message.locationRequest, channel);
    return undefined;
  }
}

const answers = new Set([
  ...['unregistrationConfirm', 'unregistrationReject', 'infoRequestResponse', 'disengageConfirm', 'disengageReject'],
  ...['gatekeeperConfirm', 'gatekeeperReject', 'registrationConfirm', 'registrationReject', 'admissionConfirm'],
  ...['admissionReject', 'bandwidthConfirm', 'bandwidthReject', 'locationConfirm', 'locationReject'],
  ...['requestInProgress', 'unknownMessageResponse', 'nonStandardMessage'],
]);

/** 1 for a message of a later version, whose number is not known. */
function numberOf(message: RasMessage): number {
  const [content] = Object.values(message) as { requestSeqNum?: number }[];
  return content?.requestSeqNum ?? 1;
}

const unknown = (requestSeqNum: number, bytes: Buffer): RasMessage => ({
  unknownMessageResponse: { requestSeqNum, messageNotUnderstood: bytes },
});
