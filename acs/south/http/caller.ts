// The caller of an HTTP request, as the listener believes it: address, scheme, and what it has proved.
import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import { plainAddress } from '../../../shared/net/address.ts';
import type { ClientCertificate, Proof } from '../../fleet/enrolment/candidate.ts';

export interface Caller {
  proof: Proof;
  certificate?: ClientCertificate;
  address: string;
  /** Version and cipher suite of its connection, or `proxy` where a proxy has ended TLS. */
  tls?: string;
  /** Scheme, host and port under which the CPE reached the ACS. */
  base?: string;
}

/** The request came over TLS, here or at a trusted proxy. */
export const isSecure = (request: FastifyRequest): boolean => request.protocol === 'https';

export const addressOf = (request: FastifyRequest): string => plainAddress(request.ip);

/** The connection is the CPE's own. That of a proxy carries many CPEs. */
export const isOwnConnection = (request: FastifyRequest): boolean =>
  addressOf(request) === plainAddress(request.socket.remoteAddress ?? '');

function tlsOf(request: FastifyRequest): string | undefined {
  const { socket } = request;
  if (!(socket instanceof TLSSocket)) return isSecure(request) ? 'proxy' : undefined;
  return `${socket.getProtocol() ?? ''} ${socket.getCipher().standardName}`;
}

export function callerOf(request: FastifyRequest, proof: Proof, certificate?: ClientCertificate): Caller {
  const host = request.host;
  const tls = tlsOf(request);
  const caller: Caller = {
    ...{ proof, address: addressOf(request) },
    ...(certificate ? { certificate } : {}),
    ...(tls === undefined ? {} : { tls }),
  };
  // The name under which the CPE reached the ACS is reachable for it, and it is the name that its certificate check expects of file links.
  return /^(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(host)
    ? { ...caller, base: `${request.protocol}://${host}` }
    : caller;
}
