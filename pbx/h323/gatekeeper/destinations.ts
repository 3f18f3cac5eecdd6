// The destination of a called number: an endpoint, a route, or why there is none, in the terms of RAS and of call signalling.
import type { H323Route } from '../../exchange/data.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { AdmissionRejectReason, LocationRejectReason, ReleaseCompleteReason } from '../messages.ts';
import type { Endpoint, Endpoints } from './endpoints.ts';

/** Why a number cannot be called. */
export interface Unreachable {
  readonly text: string;
  /** Of Q.850. */
  readonly cause: number;
  readonly release: ReleaseCompleteReason;
  readonly admission: AdmissionRejectReason;
  readonly location: LocationRejectReason;
}

export type Destination = { endpoint: Endpoint } | { route: H323Route } | { unreachable: Unreachable };

const unallocated: Unreachable = {
  text: 'the number is not allocated',
  cause: 1,
  release: 'calledPartyNotRegistered',
  admission: 'calledPartyNotRegistered',
  location: 'notRegistered',
};
const absent: Unreachable = { ...unallocated, text: 'no terminal is registered with the number', cause: 20 };
/** Calls between the two protocols would need a media gateway. */
const incompatible: Unreachable = {
  text: 'the called terminal is a SIP terminal',
  cause: 88,
  release: 'unreachableDestination',
  admission: 'noRouteToDestination',
  location: 'noRouteToDestination',
};
export const incomplete: Unreachable = {
  text: 'no number is called',
  cause: 28,
  release: 'badFormatAddress',
  admission: 'incompleteAddress',
  location: 'incompleteAddress',
};

export interface DestinationOptions {
  exchange: Exchange;
  endpoints: Endpoints;
  /** A SIP terminal is registered with the number. */
  isSipNumber: (number: string) => boolean;
}

export function destinationOf(number: string | undefined, options: DestinationOptions): Destination {
  if (number === undefined || number === '') return { unreachable: incomplete };
  const [endpoint] = options.endpoints.of(number);
  if (endpoint) return { endpoint };
  if (options.isSipNumber(number)) return { unreachable: incompatible };
  if (options.exchange.get('extensions', number)) return { unreachable: absent };
  const route = routeOf(number, options.exchange);
  return route ? { route } : { unreachable: unallocated };
}

/** The longest prefix that the number begins with. */
function routeOf(number: string, exchange: Exchange): H323Route | undefined {
  const fitting = exchange.all('h323Routes').filter(({ prefix }) => prefix !== '' && number.startsWith(prefix));
  return fitting.toSorted((a, b) => b.prefix.length - a.prefix.length)[0];
}

/** The route whose other side is at that address. */
export const routeFrom = (host: string, tls: boolean, exchange: Exchange): H323Route | undefined =>
  exchange.all('h323Routes').find(route => route.host === host && route.tls === tls);
