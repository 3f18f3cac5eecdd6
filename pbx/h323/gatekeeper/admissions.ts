// Admission, bandwidth, disengagement and location (H.225.0 7.11 to 7.14): all calls are routed through the gatekeeper.
import type { Address } from '../../../shared/sip/flow-types.ts';
import type { AdmissionRejectReason, Ras, RasMessage } from '../messages.ts';
import { textsOfAliases, transportAddress } from '../transport/addresses.ts';
import type { RasChannel } from '../transport/channel.ts';
import { type DestinationOptions, destinationOf, routeFrom } from './destinations.ts';
import type { Endpoint } from './endpoints.ts';
import { isOf } from './registrations.ts';

/** The calls, as admission sees them. */
export interface AdmittedCalls {
  /** A call with that identifier is on its way to the endpoint. */
  isCalled(endpoint: Endpoint, guid: Buffer | undefined): boolean;
  /** The endpoint may make a call with that identifier now. */
  admit(endpoint: Endpoint, guid: Buffer | undefined): void;
  /** The endpoint has left the call. */
  dropped(endpoint: Endpoint, guid: Buffer | undefined): void;
}

export interface AdmissionOptions extends DestinationOptions {
  calls: AdmittedCalls;
  callAddress: (channel: RasChannel) => Address;
  rasAddress: (channel: RasChannel) => Address;
}

/** In units of 100 bit/s. */
const MOST_BANDWIDTH = 100_000;

export class Admissions {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  admit(request: Ras<'admissionRequest'>, channel: RasChannel): RasMessage {
    const { requestSeqNum, bandWidth, answerCall, callIdentifier, destinationInfo } = request;
    const { calls } = this.#options;
    const reject = (rejectReason: AdmissionRejectReason): RasMessage => ({
      admissionReject: { requestSeqNum, rejectReason },
    });
    const endpoint = this.#sender(request.endpointIdentifier, channel);
    if (!endpoint) return reject('callerNotRegistered');
    if (answerCall) {
      // A call that another endpoint made to it directly.
      if (!calls.isCalled(endpoint, callIdentifier?.guid)) return reject('routeCallToGatekeeper');
    } else {
      const destination = destinationOf(textsOfAliases(destinationInfo)[0], this.#options);
      if ('unreachable' in destination) return reject(destination.unreachable.admission);
      calls.admit(endpoint, callIdentifier?.guid);
    }
    return {
      admissionConfirm: {
        requestSeqNum,
        bandWidth: Math.min(bandWidth, MOST_BANDWIDTH),
        callModel: 'gatekeeperRouted',
        destCallSignalAddress: transportAddress(this.#options.callAddress(channel)),
        willRespondToIRR: false,
      },
    };
  }

  bandwidth(
    { requestSeqNum, endpointIdentifier, bandWidth }: Ras<'bandwidthRequest'>,
    channel: RasChannel,
  ): RasMessage {
    if (!this.#sender(endpointIdentifier, channel))
      return { bandwidthReject: { requestSeqNum, rejectReason: 'notBound', allowedBandWidth: 0 } };
    return { bandwidthConfirm: { requestSeqNum, bandWidth: Math.min(bandWidth, MOST_BANDWIDTH) } };
  }

  disengage(request: Ras<'disengageRequest'>, channel: RasChannel): RasMessage {
    const { requestSeqNum, endpointIdentifier, callIdentifier } = request;
    const endpoint = this.#sender(endpointIdentifier, channel);
    if (!endpoint) return { disengageReject: { requestSeqNum, rejectReason: 'notRegistered' } };
    this.#options.calls.dropped(endpoint, callIdentifier?.guid);
    return { disengageConfirm: { requestSeqNum } };
  }

  /** Asked by endpoints, and by the other sides of routes. */
  locate(request: Ras<'locationRequest'>, channel: RasChannel): RasMessage {
    const { requestSeqNum, endpointIdentifier, destinationInfo } = request;
    const { exchange, callAddress, rasAddress } = this.#options;
    const isKnown =
      (endpointIdentifier !== undefined && this.#sender(endpointIdentifier, channel)) ||
      routeFrom(channel.remote.host, false, exchange) ||
      routeFrom(channel.remote.host, true, exchange);
    if (!isKnown) return { locationReject: { requestSeqNum, rejectReason: 'invalidPermission' } };
    const destination = destinationOf(textsOfAliases(destinationInfo)[0], this.#options);
    if ('unreachable' in destination)
      return { locationReject: { requestSeqNum, rejectReason: destination.unreachable.location } };
    if ('route' in destination) return { locationReject: { requestSeqNum, rejectReason: 'notRegistered' } };
    return {
      locationConfirm: {
        requestSeqNum,
        callSignalAddress: transportAddress(callAddress(channel)),
        rasAddress: transportAddress(rasAddress(channel)),
      },
    };
  }

  #sender(id: string, channel: RasChannel): Endpoint | undefined {
    const endpoint = this.#options.endpoints.find(id);
    return endpoint && isOf(endpoint, channel) ? endpoint : undefined;
  }
}
