// The audit by syslog: an entry is a datagram of RFC 5424, and a receiver that is not there holds nothing up.
import assert from 'node:assert/strict';
import { buildAuditSyslog } from '../../../acs/app/audit-syslog.ts';
import type { AcsSetup } from '../../../acs/app/setup.ts';
import { VirtualClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';
import { eventually } from '../../support/eventually.ts';
import { startSyslogServer } from '../../support/servers/syslog.ts';

const entry = { id: 'a', time: Date.UTC(2026, 10, 1), who: 'ann', what: 'putPreset', target: 'p', status: 200, seq: 7 };

describe('the audit by syslog', () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const log = createLog({ clock, level: 'info', write: line => lines.push(line) });
  const syslogTo = (auditSyslog: { host: string; port: number }) =>
    buildAuditSyslog({ auditSyslog, clock, log } as unknown as AcsSetup);

  it('sends entries with their fields, and the change as message', async () => {
    const server = await startSyslogServer();
    const { sink, close } = syslogTo({ host: '127.0.0.1', port: server.port });
    sink?.([{ ...entry, before: { weight: 1 }, after: { weight: 2 } }]);
    const line = await server.waitFor(/putPreset/);
    assert.match(line, /^<109>1 2026-11-01T00:00:00\.000Z \S+ tandem-acs - audit \[data@32473 seq="7" who="ann" /);
    assert.match(line, /\] ann putPreset p 200 \{"before":\{"weight":1\},"after":\{"weight":2\}\}$/);
    await close();
    await server.close();
  });

  it('warns once a minute where the receiver cannot be found', async () => {
    const { sink, close } = syslogTo({ host: 'no-such-host.invalid', port: 514 });
    sink?.([entry, entry, entry]);
    await eventually('a warning', async () => lines.some(line => line.includes('audit entry not sent')));
    assert.equal(lines.filter(line => line.includes('audit entry not sent')).length, 1);
    await close();
  });
});
