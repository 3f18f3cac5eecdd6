// Syslog over UDP, as RFC 3164 has it and as RFC 5424: one notification, one datagram.
import type { Socket } from 'node:dgram';
import { bindUdp, sendDatagram } from './net/udp.ts';

/** RFC 3164 4.1.1; the names as receivers print them. */
export const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface SyslogEntry {
  /** 1, user, by default. */
  facility?: number;
  severity: Severity;
  /** Milliseconds since 1970. Without it there is no header, and the receiver puts in its own (RFC 3164 4.3.3). */
  time?: number;
  /** Minutes east of UTC that the sender lives in. */
  offset?: number;
  host?: string;
  /** Tag and content: `SipEp: 1400-SIP Endpoint: …`. */
  message: string;
}

/** RFC 3164 4.1. */
const MAX_BYTES = 1024;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Writes one line: `<14>Nov  1 09:05:00 host message`, at most 1024 bytes, no control characters. */
export function formatSyslog(entry: SyslogEntry): string {
  const priority = (entry.facility ?? 1) * 8 + SEVERITIES.indexOf(entry.severity);
  const message = oneLine(entry.message);
  const header = entry.time === undefined ? '' : `${timestamp(entry.time, entry.offset)} ${hostOf(entry.host)} `;
  return cut(`<${priority}>${header}${message}`);
}

/** The fields of RFC 5424 besides those of a plain entry. */
interface StructuredEntry extends SyslogEntry {
  time: number;
  app: string;
  messageId: string;
  /** Values by name, in one element of structured data. */
  data: Readonly<Record<string, string>>;
}

/** RFC 5424 6.1: what every receiver should take. */
const MAX_STRUCTURED_BYTES = 2048;
/** The private enterprise number for documentation (RFC 5612) marks names that are ours. */
const ENTERPRISE = '32473';

/** RFC 5424 6: `<110>1 2026-11-01T09:05:00.000Z host app - id [data@32473 name="value"] message`. */
export function formatStructuredSyslog({ data, time, ...entry }: StructuredEntry): string {
  const priority = (entry.facility ?? 1) * 8 + SEVERITIES.indexOf(entry.severity);
  // 6.3.3: quotes, backslashes and closing brackets are escaped in values.
  const values = Object.entries(data).map(
    ([name, value]) => ` ${printable(name, 32)}="${oneLine(value).replace(/["\\\]]/g, '\\$&')}"`,
  );
  const head = [
    new Date(time).toISOString(),
    hostOf(entry.host),
    printable(entry.app, 48),
    '-',
    printable(entry.messageId, 32),
  ];
  const text = `<${priority}>1 ${head.join(' ')} [data@${ENTERPRISE}${values.join('')}] ${oneLine(entry.message)}`;
  return cut(text, MAX_STRUCTURED_BYTES);
}

const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f]+/g, ' ');
/** Printable ASCII without blanks, quotes, = and ]. */
const printable = (text: string, most: number): string => text.replace(/[^!#-<>-\\^-~]/g, '').slice(0, most) || '-';

/** RFC 3164 4.1.2: a day below ten is padded by a space. */
function timestamp(ms: number, offset = 0): string {
  const time = new Date(ms + offset * 60_000);
  const day = String(time.getUTCDate()).padStart(2);
  return `${MONTHS[time.getUTCMonth()]} ${day} ${time.toISOString().slice(11, 19)}`;
}

const hostOf = (host: string | undefined): string => host?.replace(/[^A-Za-z0-9.:_-]/g, '') || '-';

/** Cuts at a character, not inside one. */
function cut(text: string, most = MAX_BYTES): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return bytes.toString();
  let end = most;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString();
}

export interface Syslog<E = SyslogEntry> {
  /** Sends one entry. Resolved when it has left; rejects where the name cannot be resolved or no way leads there. */
  send(entry: E): Promise<void>;
  close(): Promise<void>;
}

interface SyslogTarget {
  host: string;
  /** 514 by default. */
  port?: number;
  localAddress?: string;
  transport: 'udp';
}

/** A sender to one receiver. Its socket is opened by the first entry. */
export const createSyslog = (target: SyslogTarget): Syslog => createSender(target, formatSyslog);

/** The same in the form of RFC 5424. */
export const createStructuredSyslog = (target: SyslogTarget): Syslog<StructuredEntry> =>
  createSender(target, formatStructuredSyslog);

function createSender<E>({ host, port = 514, localAddress }: SyslogTarget, format: (entry: E) => string): Syslog<E> {
  let opening: Promise<Socket> | undefined;
  const open = async (): Promise<Socket> => {
    const socket = await bindUdp({ address: localAddress, family: host.includes(':') ? 6 : 4 });
    // UDP promises nothing: an error of a datagram that was sent (nothing listens there) is ignored.
    socket.on('error', () => {});
    // A notification never keeps the process alive.
    socket.unref();
    return socket;
  };
  return {
    async send(entry) {
      opening ??= open();
      const socket = await opening.catch(error => {
        opening = undefined;
        throw error;
      });
      const bytes = Buffer.from(format(entry));
      await new Promise<void>((resolve, reject) => {
        sendDatagram(socket, bytes, { host, port }, error => (error ? reject(error) : resolve()));
      });
    },
    async close() {
      const socket = await opening?.catch(() => undefined);
      opening = undefined;
      if (socket) await new Promise<void>(resolve => socket.close(() => resolve()));
    },
  };
}
