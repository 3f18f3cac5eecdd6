// The caller of a Setup: a registered endpoint, or the other side of a route.

import { type DestinationOptions, routeFrom } from '../gatekeeper/destinations.ts';
import type { Endpoint } from '../gatekeeper/endpoints.ts';
import type { BodyOf, ReleaseCompleteReason } from '../messages.ts';
import type { SignallingConnection } from '../transport/connection.ts';
import type { Calls } from './calls.ts';

/** Why a Setup is refused; the cause is one of Q.850. */
export interface Refused {
  readonly text: string;
  readonly cause: number;
  readonly release: ReleaseCompleteReason;
}

export interface Caller {
  /** Directory number, or `route N`. */
  name: string;
  endpoint: Endpoint | undefined;
}

const notRegistered: Refused = { text: 'the caller is not registered', cause: 21, release: 'callerNotRegistered' };
const notSecure: Refused = {
  text: 'the caller registered over TLS and calls without',
  cause: 21,
  release: 'securityDenied',
};

/**
 * Found by the identifier that the gatekeeper gave it, by its admission, or by its TLS connection, and at the host that it
 * registered from. Its number alone is no proof.
 */
export function callerOf(
  setup: BodyOf<'setup'>,
  connection: SignallingConnection,
  { endpoints, exchange, calls }: DestinationOptions & { calls: Calls },
): Caller | Refused {
  const { host } = connection.remote;
  const isTls = connection.protocol === 'tls';
  const candidates = [
    endpoints.find(setup.endpointIdentifier ?? ''),
    calls.admittedFor(setup.callIdentifier?.guid),
    endpoints.over({ key: connection.id })[0],
  ];
  const endpoint = candidates.find(one => one?.channel.remote.host === host);
  if (!endpoint) {
    const route = routeFrom(host, isTls, exchange);
    return route ? { name: `route ${route.route}`, endpoint: undefined } : notRegistered;
  }
  if (endpoint.channel.connection && endpoint.channel.connection !== connection) return notSecure;
  return { name: endpoint.dir, endpoint };
}
