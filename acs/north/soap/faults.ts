// Errors as faults of SOAP 1.1: the problem document of REST as detail, never a stack.
import { escapeText } from '../../../shared/xml/write.ts';
import type { UserError } from '../../errors.ts';
import { encodeElement } from './encode.ts';
import { SOAP } from './envelope.ts';
import { NAMESPACE } from './namespace.ts';
import { anyMap, type Field, type FieldsType } from './xml-type.ts';

const field = (name: string, base: 'text' | 'integer'): Field => ({
  name,
  type: { kind: 'simple', base },
  isOptional: true,
  isClearable: false,
  isNull: false,
});

/** As the description has it. */
const problemType: FieldsType = {
  kind: 'fields',
  fields: [field('code', 'text'), field('status', 'integer'), field('detail', 'text'), field('place', 'text')],
  more: anyMap,
};

/** SOAP 1.1 4.4.1. */
const faultCodes: Readonly<Record<string, string>> = {
  'soap-version': 'VersionMismatch',
  'soap-header': 'MustUnderstand',
};

/** The element `soap:Fault`. */
export function faultText({ code, status, message, detail: { place, ...detail } }: UserError): string {
  const problem = {
    code,
    status,
    detail: message,
    // A call has no query and no body.
    ...(typeof place === 'string' ? { place: place.replace(/^(query|body)\./, '') } : {}),
    ...detail,
  };
  const faultCode = faultCodes[code] ?? (status >= 500 ? 'Server' : 'Client');
  return [
    `<soap:Fault><faultcode>soap:${faultCode}</faultcode><faultstring>${escapeText(message)}</faultstring>`,
    `<detail xmlns:t="${NAMESPACE}">${encodeElement('problem', problemType, problem)}</detail></soap:Fault>`,
  ].join('');
}

export const faultEnvelope = (error: UserError): string =>
  `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${SOAP}"><soap:Body>${faultText(error)}</soap:Body></soap:Envelope>`;

/** Statuses that HTTP programs act upon; clients of SOAP read the fault of any other. */
const ofHttp: ReadonlySet<number> = new Set([401, 413, 415, 429]);

/**
 * The HTTP status of a fault. SOAP 1.1 6.2 has 500 for each, and clients that know no other ask for it; proxies and monitors take that
 * for a failure of the server.
 */
export function statusOfFault({ status }: UserError, isAlways500: boolean): number {
  if (ofHttp.has(status)) return status;
  return isAlways500 || status >= 500 ? 500 : 400;
}
