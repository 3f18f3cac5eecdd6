// Calls of the test API by SOAP: what REST would send as path, query and body goes into one element, and the answer is read by its type.
import assert from 'node:assert/strict';
import type { Operation } from '../../../acs/north/operation.ts';
import { operations } from '../../../acs/north/operations.ts';
import { decode } from '../../../acs/north/soap/decode.ts';
import { encodeElement } from '../../../acs/north/soap/encode.ts';
import { SOAP } from '../../../acs/north/soap/envelope.ts';
import { messagesOf, type RequestField } from '../../../acs/north/soap/messages.ts';
import { NAMESPACE } from '../../../acs/north/soap/namespace.ts';
import type { XmlElement } from '../../../shared/xml/element.ts';
import { parseXml } from '../../../shared/xml/read.ts';
import { type CallInit, type TestApi, TOKEN } from '../acs/api.ts';

export interface SoapAnswer {
  /** That of HTTP. */
  status: number;
  xml: string;
  headers: Record<string, unknown>;
  /** Of the answer; undefined for a fault. */
  result?: unknown;
  etag?: unknown;
  fault?: Fault;
}

export interface Fault {
  faultCode: string;
  text: string;
  code: string;
  /** That of REST. */
  status: number;
  detail: string;
  place?: string;
  /** Of further fields. */
  more: string[];
}

/** The parts of a request as REST has them. */
export interface RestParts {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  /** Text for an operation that takes CSV, bytes for one that takes them. */
  body?: unknown;
  condition?: Record<string, string>;
}

export const operationNamed = (name: string): Operation => {
  const operation = operations.find(each => each.name === name);
  assert.ok(operation, `no operation ${name}`);
  return operation;
};

export const envelopeOf = (body: string, header = ''): string =>
  `<s:Envelope xmlns:s="${SOAP}">${header}<s:Body>${body}</s:Body></s:Envelope>`;

/** The element of a call with these fields. */
export function callText(name: string, fields: Record<string, unknown>): string {
  const text = encodeElement(name, messagesOf(operationNamed(name)).request, fields);
  return text.replace(`<t:${name}`, `<t:${name} xmlns:t="${NAMESPACE}"`);
}

/** The fields of a call, from their places in REST. */
export function fieldsFrom(operation: Operation, parts: RestParts): Record<string, unknown> {
  const { body } = parts;
  const isCsv = typeof body === 'string' && operation.body !== 'bytes';
  const valueAt = ({ place, property }: RequestField): unknown => {
    if (place === 'csv') return isCsv ? body : undefined;
    if (place === 'bytes') return Buffer.from(typeof body === 'string' ? body : ((body as Buffer | undefined) ?? ''));
    if (place === 'whole') return body;
    if (place === 'body') return isCsv ? undefined : (body as Record<string, unknown> | undefined)?.[property];
    return (parts[place] as Record<string, unknown> | undefined)?.[property];
  };
  return Object.fromEntries(messagesOf(operation).request.fields.map(field => [field.name, valueAt(field)]));
}

/** Sends an envelope as it is. */
export async function sendEnvelope(
  { rest }: TestApi,
  xml: string | Buffer,
  { headers = {}, ...init }: Omit<CallInit, 'body'> & { url?: string } = {},
): Promise<SoapAnswer> {
  const token = 'token' in init ? init.token : TOKEN;
  const reply = await rest.inject({
    method: 'POST',
    url: init.url ?? '/soap',
    headers: {
      'content-type': 'text/xml; charset=utf-8',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    payload: xml,
  });
  assert.match(String(reply.headers['content-type']), /^text\/xml/, reply.body);
  return { status: reply.statusCode, xml: reply.body, headers: reply.headers, ...answerIn(reply.body) };
}

/** Calls an operation by the names of the description. */
export const soapCall = async (
  api: TestApi,
  name: string,
  fields: Record<string, unknown> = {},
  init?: Parameters<typeof sendEnvelope>[2],
): Promise<SoapAnswer> => await sendEnvelope(api, envelopeOf(callText(name, fields)), init);

/** A call that must be refused. */
export async function refusedCall(
  api: TestApi,
  [status, code]: [number, string],
  ...call: [string, Record<string, unknown>?, Parameters<typeof sendEnvelope>[2]?]
): Promise<Fault> {
  const { fault, xml } = await soapCall(api, ...call);
  assert.ok(fault, xml);
  assert.deepEqual([fault.status, fault.code], [status, code], xml);
  return fault;
}

const childOf = (element: XmlElement | undefined, name: string): XmlElement | undefined => element?.child(name);

function answerIn(xml: string): Pick<SoapAnswer, 'result' | 'etag' | 'fault'> {
  const [element] = childOf(parseXml(xml, { depth: 1000 }), 'Body')?.children ?? [];
  assert.ok(element, xml);
  if (element.name === 'Fault') return { fault: faultOf(element) };
  const operation = operationNamed(element.name.replace(/Response$/, ''));
  return decode(messagesOf(operation).answer, element, element.name) as SoapAnswer;
}

function faultOf(element: XmlElement): Fault {
  const problem = childOf(childOf(element, 'detail'), 'problem');
  assert.ok(problem, 'a fault has its problem');
  const text = (name: string): string => childOf(problem, name)?.text ?? '';
  const place = childOf(problem, 'place')?.text;
  return {
    faultCode: childOf(element, 'faultcode')?.text ?? '',
    text: childOf(element, 'faultstring')?.text ?? '',
    code: text('code'),
    status: Number(text('status')),
    detail: text('detail'),
    ...(place === undefined ? {} : { place }),
    more: (childOf(problem, 'more')?.children ?? []).map(entry => childOf(entry, 'name')?.text ?? ''),
  };
}
