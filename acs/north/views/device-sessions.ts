// Sessions of a device as the API shows them.
import type { TracedMessage, TracedSession } from '../../fleet/common/traced-session.ts';
import type { SessionRecord } from '../../store/session-record.ts';
import { iso } from './times.ts';

type View = Record<string, unknown>;

export const sessionRecordView = ({ started, ended, claim: _claim, fault, tls, ...rest }: SessionRecord): View => ({
  started: iso(started),
  ended: iso(ended),
  ...rest,
  fault: fault ?? null,
  tls: tls ?? null,
});

/** A session that is traced and has not ended yet: it has no record. */
export const runningSessionView = ({ started, address }: TracedSession): View => ({
  ...{ started: iso(started), address, events: [], fault: null, rpcs: 0, bytesUp: 0, bytesDown: 0, tls: null },
});

/** The messages of a trace without headers and XML. */
export const messagesView = ({ messages, omitted }: TracedSession): View => ({
  messages: messages.map(({ headers: _headers, xml: _xml, ...message }, at) => messageHead(message, at)),
  ...(omitted === undefined ? {} : { omitted }),
});

export const messageView = ({ headers, xml, ...message }: TracedMessage, at: number): View => ({
  ...messageHead(message, at),
  headers,
  xml: xml ?? null,
});

const messageHead = ({ time, ...message }: Omit<TracedMessage, 'headers' | 'xml'>, at: number): View => ({
  n: at + 1,
  time: iso(time),
  ...message,
});
