// Syslog over UDP as RFC 3164 has it: one notification, one datagram.
import type { Socket } from 'node:dgram';
import { bindUdp, sendDatagram } from './net/udp.ts';

/** RFC 3164 4.1.1; the names as receivers print them. */
export const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;
export type Severity = (typeof SEVERITIES)[number];

interface SyslogEntry {
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
  const message = entry.message.replace(/[\u0000-\u001f\u007f]+/g, ' ');
  const header = entry.time === undefined ? '' : `${timestamp(entry.time, entry.offset)} ${hostOf(entry.host)} `;
  return cut(`<${priority}>${header}${message}`);
}

/** RFC 3164 4.1.2: a day below ten is padded by a space. */
function timestamp(ms: number, offset = 0): string {
  const time = new Date(ms + offset * 60_000);
  const day = String(time.getUTCDate()).padStart(2);
  return `${MONTHS[time.getUTCMonth()]} ${day} ${time.toISOString().slice(11, 19)}`;
}

const hostOf = (host: string | undefined): string => host?.replace(/[^A-Za-z0-9.:_-]/g, '') || '-';

/** Cuts at a character, not inside one. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_BYTES) return bytes.toString();
  let end = MAX_BYTES;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString();
}

export interface Syslog {
  /** Sends one entry. Resolved when it has left; rejects where the name cannot be resolved or no way leads there. */
  send(entry: SyslogEntry): Promise<void>;
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
export function createSyslog({ host, port = 514, localAddress }: SyslogTarget): Syslog {
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
      const bytes = Buffer.from(formatSyslog(entry));
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
