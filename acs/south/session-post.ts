// One POST of an open session, and its answer.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isCoded } from '../../shared/net/coding.ts';
import { SessionClosed, SessionLost } from '../fleet/common/ports.ts';
import type { Admission } from './admission/admission.ts';
import { acceptsGzip, answerXml, rejectBusy } from './http/answer.ts';
import type { Posted, Reply } from './post-stream.ts';
import type { OpenSession } from './session-table.ts';
import type { Tracer } from './tracer.ts';

export interface SessionPostParts {
  admission: Admission;
  tracer: Tracer;
  /** False while the store is out of reach, because other processes may take over the devices of this one. */
  isServing: () => boolean;
  /** Connections are scarce. */
  isOverloaded: () => boolean;
}

export async function exchangePost(
  { admission, tracer, isServing, isOverloaded }: SessionPostParts,
  request: FastifyRequest,
  reply: FastifyReply,
  posted: Posted,
  session: OpenSession,
): Promise<void> {
  if (!isServing()) {
    session.exchange.abandon(new SessionClosed('the store is out of reach'));
    rejectBusy(reply, admission.retryAfter());
    return;
  }
  const { counts } = session.exchange;
  if (Buffer.isBuffer(request.body)) counts.bytesUp += request.body.length;
  let answer: Reply;
  try {
    answer = await session.exchange.post(posted);
  } catch (error) {
    if (!(error instanceof SessionLost)) throw error;
    if (error.isStoreAway) rejectBusy(reply, admission.retryAfter());
    else reply.code(posted === 'empty' ? 204 : 400).send();
    return;
  }
  session.compresses ||= isCoded(request.headers['content-encoding']);
  if (answer === 'empty') {
    // The session is over. Where connections are scarce this one is not kept for the next session.
    if (isOverloaded()) reply.header('connection', 'close');
    reply.code(204).send();
    return;
  }
  const sent = await answerXml(reply, answer, tracer, session.compresses && acceptsGzip(request));
  counts.bytesDown += sent;
}
