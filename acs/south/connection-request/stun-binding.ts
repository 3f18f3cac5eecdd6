// Answers to STUN Binding Requests (RFC 3489 with TR-069 Annex G), without sockets.
import {
  decodeStun,
  type Endpoint,
  encodeStun,
  hasCookie,
  integrityOf,
  type StunMessage,
} from '../../../shared/stun.ts';

/** Name and password that CPEs are given as STUNUsername and STUNPassword. */
export interface StunLogin {
  username: string;
  password: string;
}

export interface BindingAnswer {
  bytes: Buffer;
  to: Endpoint;
}

/**
 * RFC 3489 8.1 with the additions of TR-069 Annex G.
 * @param local the address of the server, where it listens on one address only
 * @returns undefined for anything but a Binding Request: it gets no answer
 */
export function answerBinding(
  bytes: Buffer,
  from: Endpoint,
  local?: Endpoint,
  login?: StunLogin,
): BindingAnswer | undefined {
  const request = decodeStun(bytes);
  if (request?.kind !== 'request') return undefined;
  const { transaction, responseAddress } = request;
  const form = login && request.integrity ? integrityOf(bytes, login.password) : undefined;
  const error = attributeError(request, from) ?? (login && loginError(request, login, form !== undefined));
  if (error) return { bytes: encodeStun({ kind: 'error', transaction, ...error }), to: from };
  const response: StunMessage = { kind: 'response', transaction, mappedAddress: from };
  // The server has no second address to answer from; RFC 3489 8.1 requires the field all the same.
  if (local) Object.assign(response, { sourceAddress: local, changedAddress: local });
  if (hasCookie(request)) response.xorMappedAddress = from;
  if (responseAddress) response.reflectedFrom = from;
  const sealed = form === undefined ? encodeStun(response) : encodeStun(response, login?.password, form === 'padded');
  return { bytes: sealed, to: responseAddress ?? from };
}

type BindingError = Pick<StunMessage, 'error' | 'unknownAttributes'>;

/** RFC 3489 8.1: mandatory attributes that are unknown, or that ask for something that this server does not do. */
function attributeError(request: StunMessage, from: Endpoint): BindingError | undefined {
  const { changeRequest, responseAddress } = request;
  const unknown = [...(request.notUnderstood ?? [])];
  if (changeRequest?.address || changeRequest?.port) unknown.push(0x0003);
  // Answers go to the sender's own address only, so that the server cannot be used to flood another host.
  if (responseAddress && (responseAddress.address !== from.address || responseAddress.port === 0)) unknown.push(0x0002);
  if (unknown.length === 0) return undefined;
  return { error: { code: 420, reason: 'Unknown Attribute' }, unknownAttributes: unknown };
}

/** TR-069 Annex G requires integrity only where a binding changes; the codes are those of RFC 3489 8.1. */
function loginError(request: StunMessage, login: StunLogin, isSealed: boolean): BindingError | undefined {
  if (!request.integrity && !request.bindingChange) return undefined;
  if (!request.integrity) return { error: { code: 401, reason: 'Unauthorized' } };
  if (request.username === undefined) return { error: { code: 432, reason: 'Missing Username' } };
  if (request.username !== login.username) return { error: { code: 430, reason: 'Stale Credentials' } };
  return isSealed ? undefined : { error: { code: 431, reason: 'Integrity Check Failure' } };
}
