// Operations on the sessions of a device: the last ones that have ended, and the messages of those that were traced.
import { UserError } from '../../../errors.ts';
import type { TracedSession } from '../../../fleet/common/traced-session.ts';
import { badCursor, cursorText, readCursor } from '../../../store/paging.ts';
import type { SessionPlace, SessionRecord } from '../../../store/session-record.ts';
import {
  type CallContext,
  noDevice,
  type Operation,
  type OperationInput,
  type OperationOutput,
  ok,
  param,
} from '../../operation.ts';
import * as schemas from '../../schemas/monitoring/device-sessions.ts';
import { timeAt } from '../../time-input.ts';
import { messagesView, messageView, runningSessionView, sessionRecordView } from '../../views/device-sessions.ts';

const noSession = { 404: 'No such device, session or message' };
/** Most sessions of one device that are looked through. */
const ALL = 500;

/** @throws UserError 400 `bad-cursor` */
function placeOf(cursor: string): SessionPlace {
  const { key, id } = readCursor(cursor, 'session');
  const claim = Number(id);
  if (typeof key !== 'number' || !Number.isSafeInteger(claim)) throw badCursor();
  return { started: key, claim };
}

async function listSessions(input: OperationInput, { fleet }: CallContext): Promise<OperationOutput> {
  const { id } = await fleet.devices.row(param(input));
  const { limit = 100, cursor } = input.query as { limit?: number; cursor?: string };
  const before = cursor === undefined ? {} : { before: placeOf(cursor) };
  const found = await fleet.history.sessions({ device: id, limit: limit + 1, ...before });
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  const next = last ? cursorText('session', last.started, String(last.claim)) : null;
  return ok({ items: items.map(sessionRecordView), next });
}

interface Found {
  record: SessionRecord | undefined;
  traced: TracedSession | undefined;
}

/** The session that began at the time in the path, as it was kept and as it was traced. @throws UserError 404 */
async function sessionAt(input: OperationInput, { fleet }: CallContext): Promise<Found> {
  const { id } = await fleet.devices.row(param(input));
  const started = timeAt('started', param(input, 'started'));
  const record = (await fleet.history.sessions({ device: id, limit: ALL })).find(each => each.started === started);
  const { sessions } = await fleet.clusterMemory.traced(id);
  const traced = sessions.find(each => (record ? each.claim === record.claim : each.started === started));
  if (!record && !traced)
    throw new UserError(404, 'no-such-session', `no session of ${id} that began at ${param(input, 'started')}`);
  return { record, traced };
}

async function getSession(input: OperationInput, context: CallContext): Promise<OperationOutput> {
  const { record, traced } = await sessionAt(input, context);
  const view = record ? sessionRecordView(record) : traced ? runningSessionView(traced) : {};
  return ok({ ...view, ...(traced ? messagesView(traced) : { messages: null }) });
}

async function getMessage(input: OperationInput, context: CallContext): Promise<OperationOutput> {
  const { traced } = await sessionAt(input, context);
  const number = Number(param(input, 'n'));
  const message = traced?.messages[number - 1];
  if (!message) throw new UserError(404, 'no-such-message', `no message ${param(input, 'n')} of this session is kept`);
  return ok(messageView(message, number - 1));
}

export const deviceSessions: readonly Operation[] = [
  {
    name: 'listDeviceSessions',
    summary: 'Lists the last sessions of a device that have ended, newest first: at most 50, kept without tracing',
    method: 'GET',
    path: '/devices/:id/sessions',
    role: 'viewer',
    scope: 'device',
    parameters: 'none',
    query: schemas.sessionsQuery,
    answers: { 200: schemas.sessions },
    problems: noDevice,
    run: listSessions,
  },
  {
    name: 'getDeviceSession',
    summary: 'Reads a session by the time of its begin, with the messages of its trace but without XML',
    method: 'GET',
    path: '/devices/:id/sessions/:started',
    role: 'viewer',
    scope: 'device',
    parameters: 'none',
    answers: { 200: schemas.session },
    problems: noSession,
    run: getSession,
  },
  {
    name: 'getDeviceSessionMessage',
    summary: 'Reads a message of a traced session with its XML; secrets are masked',
    method: 'GET',
    path: '/devices/:id/sessions/:started/messages/:n',
    role: 'operator',
    scope: 'device',
    parameters: 'shows-any',
    answers: { 200: schemas.sessionMessage },
    problems: noSession,
    run: getMessage,
  },
];
