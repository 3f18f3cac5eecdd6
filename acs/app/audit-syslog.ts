// Sends the audit on by syslog (RFC 5424), one datagram an entry. A receiver that cannot be reached holds nothing up.
import { hostname } from 'node:os';
import { messageOf } from '../../shared/errors.ts';
import { createStructuredSyslog } from '../../shared/syslog.ts';
import { ThrottledLog } from '../../shared/throttled-log.ts';
import type { AuditSink } from '../fleet/common/ports.ts';
import type { AuditEntry } from '../store/records.ts';
import type { AcsSetup, Part } from './setup.ts';

/** RFC 5424 6.2.1: log audit. */
const AUDIT_FACILITY = 13;

export function buildAuditSyslog({ auditSyslog, clock, log }: AcsSetup): Part & { sink?: AuditSink } {
  if (!auditSyslog) return { close: () => undefined };
  const syslog = createStructuredSyslog({ ...auditSyslog, transport: 'udp' });
  const throttled = new ThrottledLog(clock);
  const host = hostname();
  const send = async (entry: AuditEntry): Promise<void> => {
    const severity = entry.status >= 400 ? 'warning' : 'notice';
    const about = { facility: AUDIT_FACILITY, severity, time: entry.time, host, app: 'tandem-acs' } as const;
    try {
      await syslog.send({ ...about, messageId: 'audit', data: dataOf(entry), message: messageFor(entry) });
    } catch (error) {
      throttled.write(suppressed =>
        log.warn('audit entry not sent', { receiver: auditSyslog.host, reason: messageOf(error), ...suppressed }),
      );
    }
  };
  return {
    sink: entries => {
      for (const entry of entries) void send(entry);
    },
    close: async () => await syslog.close(),
  };
}

const dataOf = ({ seq, hash, who, kind, from, what, target, status, code }: AuditEntry): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ seq, who, kind, from, what, target: target.slice(0, 200), status, code, hash }).flatMap(
      ([name, value]) => (value === undefined || value === '' ? [] : [[name, String(value)]]),
    ),
  );

const messageFor = ({ who, what, target, status, before, after }: AuditEntry): string => {
  const change = before || after ? ` ${JSON.stringify({ before, after })}` : '';
  return `${who} ${what} ${target} ${status}${change}`;
};
