// Syslog lines (RFC 3164 4.1) and the sender.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createSyslog, formatStructuredSyslog, formatSyslog, SEVERITIES } from '../../shared/syslog.ts';
import { parseSyslog, startSyslogServer } from '../support/servers/syslog.ts';

const TIME = Date.UTC(2026, 10, 1, 9, 5, 0);
const READY = 'SipEp: 1400-SIP Endpoint: 303-TLS connection with remote host 10.5.128.14:5063 is now ready.';

describe('a syslog line', () => {
  it('has priority, time and host in front', () => {
    const entry = { severity: 'info', time: TIME, host: '10.0.0.1', message: READY } as const;
    assert.equal(formatSyslog(entry), `<14>Nov  1 09:05:00 10.0.0.1 ${READY}`);
    assert.equal(
      formatSyslog({ ...entry, facility: 3, offset: -600, severity: 'emerg', message: 'm' }),
      '<24>Oct 31 23:05:00 10.0.0.1 m',
    );
    assert.equal(formatSyslog({ severity: 'debug', message: 'm' }), '<15>m');
    assert.equal(formatSyslog({ ...entry, host: 'a b\n', message: 'm' }), '<14>Nov  1 09:05:00 ab m');
  });

  it('stays one line of at most 1024 bytes, cut between characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 2000 }), message => {
        const line = formatSyslog({ severity: 'info', time: TIME, host: 'h', message });
        assert.ok(Buffer.byteLength(line) <= 1024);
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f]/);
        assert.ok(!line.includes('\ufffd') || message.includes('\ufffd'));
      }),
    );
    assert.equal(Buffer.byteLength(formatSyslog({ severity: 'info', message: 'é'.repeat(2000) })), 1024);
    assert.equal(formatSyslog({ severity: 'info', message: 'a\r\nb' }), '<14>a b');
  });

  it('reads back as written', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 23 }),
        fc.constantFrom(...SEVERITIES),
        fc.boolean(),
        (facility, severity, timed) => {
          const line = formatSyslog({ facility, severity, message: READY, ...(timed && { time: TIME, host: 'h' }) });
          assert.deepEqual(parseSyslog(line), { facility, severity, message: READY });
        },
      ),
    );
    fc.assert(fc.property(fc.string(), line => void parseSyslog(line)));
    for (const line of ['', 'x', '<192>x', '<>x', '<1x']) assert.equal(parseSyslog(line), undefined);
  });
});

describe('createSyslog', () => {
  it('sends one datagram for each entry, from the address it was given', async () => {
    const server = await startSyslogServer();
    const syslog = createSyslog({ host: '127.0.0.1', port: server.port, localAddress: '127.0.0.1', transport: 'udp' });
    try {
      await syslog.send({ severity: 'info', message: READY });
      await syslog.send({ severity: 'warning', message: 'second' });
      assert.equal(await server.waitFor(/second/), '<12>second');
      assert.equal(await server.waitFor(/303/), `<14>${READY}`);
      assert.equal(server.lines.length, 2);
    } finally {
      await syslog.close();
      await server.close();
    }
  });

  it('rejects where no socket can be opened, and still closes', async () => {
    const syslog = createSyslog({ host: '127.0.0.1', port: 9, localAddress: '192.0.2.1', transport: 'udp' });
    await assert.rejects(syslog.send({ severity: 'info', message: 'm' }), /EADDRNOTAVAIL/);
    await syslog.close();
    const nowhere = createSyslog({ host: 'no-such-host.invalid', transport: 'udp' });
    await assert.rejects(nowhere.send({ severity: 'info', message: 'm' }));
    await nowhere.close();
  });
});

describe('a structured syslog line (RFC 5424)', () => {
  const entry = {
    facility: 13,
    severity: 'notice',
    time: TIME,
    host: 'acs',
    app: 'tandem-acs',
    messageId: 'audit',
  } as const;

  it('has version, time, host, program, id, data and message', () => {
    assert.equal(
      formatStructuredSyslog({ ...entry, data: { who: 'ann', target: 'a "b" [c] \\' }, message: 'ann putPreset' }),
      '<109>1 2026-11-01T09:05:00.000Z acs tandem-acs - audit [data@32473 who="ann" target="a \\"b\\" [c\\] \\\\"] ann putPreset',
    );
  });

  it('stays one line of at most 2048 bytes whose values end where their quote does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.string({ maxLength: 3000 }), (value, message) => {
        const line = formatStructuredSyslog({ ...entry, data: { value }, message });
        assert.ok(Buffer.byteLength(line) <= 2048);
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f]/);
        const [, found = ''] = / \[data@32473 value="((?:[^"\\\]]|\\["\\\]])*)"\] /.exec(line) ?? [];
        assert.equal(found.replace(/\\(.)/g, '$1'), value.replace(/[\u0000-\u001f\u007f]+/g, ' '));
      }),
    );
  });
});
