// Registration of endpoints (H.225.0 7.8 to 7.10): full, renewed and ended. The judgement is that of applicant.ts.
import type { Clock, Random } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import { type Address, addressText } from '../../../shared/sip/flow-types.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { Admission, Logon } from '../../policy/admission.ts';
import { GuessLimit } from '../../policy/guess-limit.ts';
import type { Ras, RasMessage } from '../messages.ts';
import { transportAddress } from '../transport/addresses.ts';
import type { RasChannel } from '../transport/channel.ts';
import { type Applicant, isH323Number, judge, logonOf, type Refused } from './applicant.ts';
import type { Endpoint, Endpoints } from './endpoints.ts';
import type { OwnRequests } from './own-requests.ts';

/** Seconds: granted when none are named, least, most. */
export interface LifeLimits {
  default: number;
  min: number;
  max: number;
}

interface RegistrationOptions {
  exchange: Exchange;
  endpoints: Endpoints;
  own: OwnRequests;
  admission: Admission;
  clock: Clock;
  random: Random;
  log: Log;
  life: LifeLimits;
  gatekeeperIdentifier: string;
  /** Our call signalling address for a peer of that channel. */
  callAddress: (channel: RasChannel) => Address;
}

export const protocolIdentifier = '0.0.8.2250.0.6';
/** Times that an answer may take beyond the usual one, for RIP: as long as the older endpoint has to answer. */
const DELAY_MS = 3500;

/** A full registration that is asked for. */
interface Attempt {
  request: Ras<'registrationRequest'>;
  channel: RasChannel;
  logon: Logon;
}

export class Registrations {
  readonly #options: RegistrationOptions;
  readonly #guesses: GuessLimit;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#guesses = new GuessLimit(options.clock);
  }

  /** @param wait called with the milliseconds that the answer takes longer */
  register(
    request: Ras<'registrationRequest'>,
    channel: RasChannel,
    wait: (ms: number) => void,
  ): RasMessage | Promise<RasMessage> {
    if (request.keepAlive === true) return renewed(request, channel, this.#options);
    const attempt = { request, channel, logon: logonOf(request, channel, this.#options.exchange) };
    const judged = judge(request, attempt.logon, channel, { ...this.#options, guesses: this.#guesses });
    if ('reason' in judged) return refused(attempt, judged, this.#options);
    if (this.#hasRoom(judged)) return this.#confirm(attempt, judged);
    wait(DELAY_MS);
    return this.#afterDuplicates(attempt, judged);
  }

  /** The number has a place for one more terminal, or for this one again. */
  #hasRoom(applicant: Applicant): boolean {
    const others = this.#options.endpoints.of(applicant.dir).filter(one => !isSame(one, applicant));
    return others.length < applicant.maxTerminals;
  }

  /** Asks the endpoints that have the number whether they are still there: a terminal may have moved to another address. */
  async #afterDuplicates(attempt: Attempt, applicant: Applicant): Promise<RasMessage> {
    const { endpoints, own } = this.#options;
    await Promise.all(
      endpoints.of(applicant.dir).map(async endpoint => {
        const answer = await own.ask(endpoint.channel.at(endpoint.rasPort), requestSeqNum => ({
          infoRequest: { requestSeqNum, callReferenceValue: 0 },
        }));
        if (!answer) endpoints.remove(endpoint, 'silent');
      }),
    );
    if (this.#hasRoom(applicant)) return this.#confirm(attempt, applicant);
    const reason = { duplicateAlias: attempt.request.terminalAlias ?? [] };
    const text = 'another terminal is registered with that number';
    return refused(attempt, { reason, row: 'duplicate alias', text }, this.#options);
  }

  #confirm(attempt: Attempt, applicant: Applicant): RasMessage {
    const { endpoints, clock, random, log } = this.#options;
    const { dir, channel, row, product, callSignal, rasPort } = applicant;
    const { request } = attempt;
    const same = endpoints.of(dir).find(one => isSame(one, applicant));
    if (!same && endpoints.isFull) {
      const text = 'too many endpoints are registered';
      return refused(attempt, { reason: 'resourceUnavailable', row: 'bound', text }, this.#options);
    }
    const seconds = secondsOf(request, this.#options.life);
    const now = clock.now();
    const id = same?.id ?? random.bytes(8).toString('hex');
    const { name, isSecure } = product;
    const times = { since: now, expires: now + seconds * 1000 };
    // A connection that closed meanwhile carries no registration.
    if (channel.connection?.closed !== true)
      endpoints.set({ id, dir, channel, rasPort, callSignal, product: name, isSecure, row, ...times });
    log.info('H.323 registration accepted', {
      user: dir,
      endpoint: id,
      row,
      protocol: channel.protocol,
      product: name,
    });
    return confirmation(request, id, seconds, channel, this.#options);
  }
}

/** A lightweight registration extends the time to live only; the policy is not asked again. */
function renewed(request: Ras<'registrationRequest'>, channel: RasChannel, options: RegistrationOptions): RasMessage {
  const { endpoints, exchange, clock, life } = options;
  const known = endpoints.find(request.endpointIdentifier ?? '');
  if (!known || !isOf(known, channel) || !isH323Number(exchange, known.dir)) {
    const rejectReason = 'fullRegistrationRequired';
    return { registrationReject: { requestSeqNum: request.requestSeqNum, protocolIdentifier, rejectReason } };
  }
  const seconds = secondsOf(request, life);
  endpoints.set({ ...known, expires: clock.now() + seconds * 1000 });
  return confirmation(request, known.id, seconds, channel, options);
}

function refused(
  { request: { requestSeqNum }, channel: { remote }, logon }: Attempt,
  { reason, row, text }: Refused,
  { log, admission }: RegistrationOptions,
): RasMessage {
  log.info('H.323 registration refused', { address: remote.host, user: logon.dir, row, reason: text });
  admission.refused(logon, { what: 'registration', remote: addressText(remote), row, reason: text });
  return { registrationReject: { requestSeqNum, protocolIdentifier, rejectReason: reason } };
}

export function unregister(
  { requestSeqNum, endpointIdentifier }: Ras<'unregistrationRequest'>,
  channel: RasChannel,
  endpoints: Endpoints,
): RasMessage {
  const named = endpointIdentifier === undefined ? endpoints.over(channel)[0] : endpoints.find(endpointIdentifier);
  if (!named) return { unregistrationReject: { requestSeqNum, rejectReason: 'notCurrentlyRegistered' } };
  if (!isOf(named, channel)) return { unregistrationReject: { requestSeqNum, rejectReason: 'permissionDenied' } };
  endpoints.remove(named, 'unregistered');
  return { unregistrationConfirm: { requestSeqNum } };
}

const secondsOf = ({ timeToLive }: Ras<'registrationRequest'>, life: LifeLimits): number =>
  Math.min(Math.max(timeToLive ?? life.default, life.min), life.max);

function confirmation(
  { requestSeqNum }: Ras<'registrationRequest'>,
  endpointIdentifier: string,
  timeToLive: number,
  channel: RasChannel,
  { gatekeeperIdentifier, callAddress }: RegistrationOptions,
): RasMessage {
  return {
    registrationConfirm: {
      requestSeqNum,
      protocolIdentifier,
      callSignalAddress: [transportAddress(callAddress(channel))],
      gatekeeperIdentifier,
      endpointIdentifier,
      timeToLive,
      willRespondToIRR: false,
      maintainConnection: channel.connection !== undefined,
    },
  };
}

/** The request comes from the endpoint itself: over its connection, or from its host. */
export const isOf = ({ channel }: Endpoint, from: RasChannel): boolean =>
  channel.connection ? channel.key === from.key : from.protocol === 'udp' && channel.remote.host === from.remote.host;

/** The applicant is that endpoint again. */
const isSame = ({ channel, callSignal }: Endpoint, applicant: Applicant): boolean =>
  channel.key === applicant.channel.key ||
  (!channel.connection &&
    !applicant.channel.connection &&
    callSignal.host === applicant.callSignal.host &&
    callSignal.port === applicant.callSignal.port);
