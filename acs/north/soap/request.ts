// A SOAP request, read in the order in which it may be trusted: its type, the login in its headers, its envelope, the login in there, and
// then the call.
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { XmlElement } from '../../../shared/xml/element.ts';
import { UserError } from '../../errors.ts';
import { gathered } from '../bounded-bytes.ts';
import type { Operation } from '../operation.ts';
import { operations } from '../operations.ts';
import { assertAction, assertSoapType, callIn, loginIn, MAX_ENVELOPE, MAX_UNPROVED, readEnvelope } from './envelope.ts';
import { callerByHeaders, callerByLogin, type LoginParts, type SoapCaller, unknownCaller } from './login.ts';

export interface SoapCall {
  operation: Operation;
  /** The element of the call. */
  element: XmlElement;
  caller: SoapCaller;
}

/** @param prove notes that the sender has shown who it is @throws UserError */
export async function readCall(request: FastifyRequest, logins: LoginParts, prove: () => void): Promise<SoapCall> {
  const { 'content-type': type, 'content-encoding': encoding = 'identity', soapaction } = request.headers;
  assertSoapType(type);
  if (encoding !== 'identity')
    throw new UserError(415, 'encoded-body', `Content-Encoding ${encoding} is not taken; send the body uncompressed`);
  const shown = await callerByHeaders(request, logins);
  if (shown) prove();
  const envelope = readEnvelope(await bodyOf(request.raw, shown !== undefined), type);
  const login = loginIn(envelope);
  const caller = shown ?? (login ? await callerByLogin(login, request, logins) : undefined);
  if (caller) prove();
  const element = callIn(envelope);
  const operation = operations.find(({ name }) => name === element.name);
  if (!caller && operation?.isOpen !== true)
    throw new UserError(401, 'unauthorized', 'a login is required: UsernameToken, or Authorization: Bearer TOKEN');
  if (!operation) throw new UserError(404, 'no-such-call', `no operation ${element.name}`);
  assertAction(typeof soapaction === 'string' ? soapaction : undefined, operation.name);
  return { operation, element, caller: caller && operation.isOpen !== true ? caller : unknownCaller };
}

/** @throws UserError 413 */
async function bodyOf(raw: IncomingMessage, isProved: boolean): Promise<Buffer> {
  const most = isProved ? MAX_ENVELOPE : MAX_UNPROVED;
  const refusal = (): UserError => {
    const where = isProved ? '' : ' without an Authorization header';
    return new UserError(413, 'too-large', `an envelope${where} has at most ${most} bytes`);
  };
  if (Number(raw.headers['content-length'] ?? 0) > most) throw refusal();
  // The connection stays open, so that a refusal can be answered.
  return await gathered(raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>, most, refusal);
}
