// One session with the ACS, from Inform to its end (TR-069 3.7.1).
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import {
  type AcsMethod,
  type Arguments,
  type CpeMethod,
  type EventEntry,
  isCpeMethod,
  methodSpec,
  type Results,
} from '../../../shared/cwmp/methods.ts';
import { type Body, type Envelope, faultBody, requestBody, responseBody } from '../../../shared/cwmp/soap.ts';
import { type Namespace, speaks } from '../../../shared/cwmp/versions.ts';
import type { Log } from '../../../shared/log.ts';
import { Failed, type Failure } from '../failure.ts';
import type { AcsConnection } from './acs-connection.ts';

/** One request of this session and how it ended. */
export interface RpcReport {
  from: 'cpe' | 'acs';
  method: string;
  /** The fault that answered it. */
  fault?: number;
}

export interface SessionReport {
  /** The session ended as in TR-069 3.7.1.4. */
  ok: boolean;
  /** InformResponse came: the events are delivered even if the session failed later. */
  informed: boolean;
  events: EventEntry[];
  /** Of the last handshake; absent over plain HTTP. */
  tls?: { version: string; cipher: string };
  error?: Failure;
  rpcs: RpcReport[];
}

/** A request of the CPE's own, sent after InformResponse. */
export interface OwnRequest<M extends AcsMethod = AcsMethod> {
  method: M;
  args: Arguments<M>;
  /** Called when the response is there, not for a fault; durable when resolved. */
  answered: (result: Results<M>) => Promise<void>;
  /** Called when this ACS does not know the method, so that another attempt is useless; absent where every ACS must know it. */
  unknown?: () => Promise<void>;
}

export interface SessionInput {
  connection: AcsConnection;
  log: Log;
  inform: Arguments<'Inform'>;
  /** Namespace of the Inform; the session continues in the one of its answer. */
  namespace: Namespace;
  /** SupportedCWMPVersions header (since 1.4). */
  supportedVersions?: string[] | undefined;
  newId: () => string;
  /** Called when InformResponse came; the delivery of its events is durable when resolved. */
  informed: () => Promise<void>;
  /** Called once Inform is answered. */
  requests: () => OwnRequest[];
  carryOut: <M extends CpeMethod>(method: M, args: Arguments<M>) => Promise<Results<M>>;
}

/**
 * Holds one session to its end and fills in the report as it goes.
 * @throws Failed and the HTTP client's errors: the session was terminated unsuccessfully
 */
export async function holdSession(input: SessionInput, report: SessionReport): Promise<void> {
  const { connection } = input;
  const conversation: Conversation = { ...input, report };

  const informed = await ask(conversation, 'Inform', input.inform, input.supportedVersions);
  if (informed.body.kind === 'fault') {
    const { code, message } = informed.body.fault;
    throw new Failed('fault', `Inform was answered by fault ${code} ${message}`, code);
  }
  conversation.namespace = informed.namespace;
  report.informed = true;
  await input.informed();

  const own = input.requests();
  let request: Envelope | undefined;
  let isDone = false;
  for (;;) {
    if (request) {
      // 3.7.1.3: an ACS request is answered by the very next POST.
      request = await answer(conversation, request);
      if (!request && isDone) return;
      continue;
    }
    const next = connection.onHold || isDone ? undefined : own.shift();
    if (next) {
      await sendOwn(conversation, next);
      continue;
    }
    // 3.7.1.4: nothing to answer and nothing to ask. Unless on hold, this is the unit's last request, and an empty answer ends the session.
    const isLast = !connection.onHold;
    request = asRequest(await connection.post(undefined));
    if (!request && isLast) return;
    isDone ||= isLast;
  }
}

type Conversation = SessionInput & { report: SessionReport };

/**
 * Sends a request of the unit and returns the envelope that answers it, a fault included. Fault 8005 wants the identical request
 * again, without limit (3.7.1.6).
 */
async function ask<M extends AcsMethod>(
  conversation: Conversation,
  method: M,
  args: Arguments<M>,
  supportedVersions?: string[],
): Promise<Envelope> {
  const { connection, namespace, report } = conversation;
  const id = conversation.newId();
  const envelope: Envelope = {
    namespace,
    id,
    ...(supportedVersions && { supportedVersions }),
    body: requestBody(method, args),
  };
  for (;;) {
    const reply = await connection.post(envelope);
    const body = reply?.body;
    if (!reply || !body) throw new Failed('soap', `${method} was answered by an empty response`);
    if (reply.id !== undefined && reply.id !== id)
      conversation.log.warn('response ID mismatch', { method, id: reply.id });
    if (body.kind === 'fault') {
      report.rpcs.push({ from: 'cpe', method, fault: body.fault.code });
      if (body.fault.code === 8005) continue;
      return reply;
    }
    if (body.kind !== 'response' || body.method !== method) {
      throw new Failed('soap', `${method} was answered by ${described(body)}`);
    }
    report.rpcs.push({ from: 'cpe', method });
    return reply;
  }
}

/** Sends a request of the unit in mid-session: a fault leaves it undelivered, and the session continues (3.7.1.5). */
async function sendOwn<M extends AcsMethod>(conversation: Conversation, request: OwnRequest<M>): Promise<void> {
  // cwmp-1-0 has only the methods of its time.
  const since = methodSpec(request.method)?.since;
  if (request.unknown && since && !speaks(conversation.namespace, since)) return request.unknown();
  const { body } = await ask(conversation, request.method, request.args);
  if (body.kind === 'response') await request.answered(body.result as Results<M>);
  else if (body.kind === 'fault') {
    conversation.log.warn('fault received from the ACS', { method: request.method, code: body.fault.code });
    if (body.fault.code === 8000) await request.unknown?.();
  }
}

/** Carries out an ACS request, posts the answer and returns the next request, if there is one. */
async function answer(conversation: Conversation, request: Envelope): Promise<Envelope | undefined> {
  const body = await carryOutRequest(conversation, request);
  const fault = body.kind === 'fault' ? { fault: body.fault.code } : {};
  conversation.report.rpcs.push({ from: 'acs', method: nameOf(request.body), ...fault });
  return asRequest(
    await conversation.connection.post({
      namespace: conversation.namespace,
      // 3.5: the ID of a request comes back with its answer, also with a fault.
      ...(request.id === undefined ? {} : { id: request.id }),
      body,
    }),
  );
}

async function carryOutRequest(conversation: Conversation, { body, unknownMustUnderstand }: Envelope): Promise<Body> {
  try {
    if (unknownMustUnderstand !== undefined) return notUnderstood(unknownMustUnderstand);
    if (body.kind === 'invalid') throw new CwmpFault(9003, body.reason);
    if (body.kind !== 'request' || !isCpeMethod(body.method)) {
      throw new CwmpFault(9000, `Method ${nameOf(body)} is not supported`);
    }
    const method: CpeMethod = body.method;
    return responseBody(method, await conversation.carryOut(method, body.args as Arguments<CpeMethod>));
  } catch (error) {
    return faultBody(faultOf(conversation, nameOf(body), error));
  }
}

/** SOAP 1.1 4.4.1: a message whose mustUnderstand header is unknown is not acted on. */
function notUnderstood(header: string): Body {
  const message = `The header ${header} is not understood`;
  return { kind: 'fault', fault: { code: 0, message, parameters: [], soap: 'MustUnderstand' } };
}

/** An error other than a CWMP fault is a mistake of this program: answered by 9002 and logged with its stack. */
function faultOf(conversation: Conversation, method: string, error: unknown): CwmpFault {
  if (error instanceof CwmpFault) return error;
  conversation.log.error('ACS request failed with an internal error', { method, error });
  return new CwmpFault(9002);
}

/** The envelope, if it holds a request; undefined when nothing came. */
function asRequest(envelope: Envelope | undefined): Envelope | undefined {
  if (!envelope) return undefined;
  const { body } = envelope;
  if (body.kind === 'request' || (body.kind === 'invalid' && body.of === 'request')) return envelope;
  if (body.kind === 'unknown' && !body.name.endsWith('Response')) return envelope;
  // 3.5: a response or a fault is never answered.
  throw new Failed('soap', `${described(body)} without a request`);
}

function nameOf(body: Body): string {
  if (body.kind === 'unknown') return body.name;
  return 'method' in body ? body.method : body.kind;
}

const described = (body: Body): string =>
  body.kind === 'fault' ? `fault ${body.fault.code}` : `${body.kind} ${nameOf(body)}`;
