// The conditions under which a request goes to the next target of its server (RFC 3263 4.3, DGW `SipEp.…SipFailoverConditions`).
import type { Outcome } from '../../../shared/sip/transaction-types.ts';
import type { UserAgentConfig } from '../settings.ts';

export interface Failure {
  status: number;
  /** Present where no answer came. */
  cause?: Outcome['cause'];
}

/** The statuses of each condition. The vendor's guide names the conditions; their meaning is in their names. */
const conditions: Readonly<Record<string, (method: 'REGISTER' | 'INVITE', status: number) => boolean>> = {
  '5xxOnRegistration': (method, status) => method === 'REGISTER' && status >= 500 && status < 600,
  '500OnRegistration': (method, status) => method === 'REGISTER' && status === 500,
  '5xxOnInvite': (method, status) => method === 'INVITE' && status >= 500 && status < 600,
  '504OnInvite': (method, status) => method === 'INVITE' && status === 504,
};

/** No answer, no connection and 503 always do; further statuses at an endpoint gateway, as its conditions say. */
export function goesToNext(
  { type, failoverConditions = [] }: UserAgentConfig,
  method: 'REGISTER' | 'INVITE',
  { status, cause }: Failure,
): boolean {
  if (cause !== undefined || status === 503) return true;
  return type === 'endpoint' && failoverConditions.some(name => conditions[name]?.(method, status));
}

/** The reason in words, for the log. */
export const failureText = ({ status, cause }: Failure): string =>
  cause ? `no answer (${cause})` : `answer ${status}`;
