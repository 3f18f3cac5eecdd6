// A request as a logon of a terminal, for the exchange to judge, and its refusal in a header.
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';
import type { Judgement, Logon } from '../policy/admission.ts';

/** The logon of that number that the request stands for. */
export const logonOf = (dir: string, { request, flow }: ServerTransaction): Logon => ({
  kind: 'SIP',
  dir,
  product: request.headers.get('User-Agent'),
  encrypted: flow.protocol === 'tls',
});

/** RFC 3261 20.43, with the code for miscellaneous warnings. */
export const warning = (domain: string, { row, reason }: Pick<Judgement, 'row' | 'reason'>): [string, string] => [
  'Warning',
  `399 ${domain} "${row}: ${reason ?? 'not allowed'}"`,
];
