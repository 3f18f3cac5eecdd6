// Our syslog lines before a real receiver: rsyslog takes them apart and writes down what it understood.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../shared/clock.ts';
import { createSyslog, type Syslog } from '../../shared/syslog.ts';
import { eventually } from '../support/eventually.ts';
import { type Lab, openLab, peerSuite } from '../support/servers/peers.ts';

const PORT = 15514;
const READY =
  '1400-SIP Endpoint: 303-TLS connection with remote host 10.5.128.14:5063 is now ready to be used for SIP gateway default.';

peerSuite('syslog against rsyslog', { programs: ['rsyslogd'], lab: true }, function () {
  this.timeout(60_000);
  let lab: Lab;
  let syslog: Syslog;
  /** The first line that holds a word; sent again until it is there, for the receiver may not be up yet. */
  const logged = (word: string, again: () => Promise<void>): Promise<string> =>
    eventually(
      `a line with ${word}`,
      async () => {
        await again();
        const text = await readFile(join(lab.folder, 'syslog.log'), 'utf8').catch(() => '');
        return text.split('\n').find(line => line.includes(word));
      },
      10_000,
      100,
    );

  before(async () => {
    lab = await openLab();
    await lab.start('syslog');
    syslog = createSyslog({ host: '127.0.0.1', port: PORT, localAddress: '127.0.0.1', transport: 'udp' });
  });
  after(async () => {
    await syslog?.close();
    await lab.close();
  });

  it('is parsed into priority, host, tag and message by RFC 3164', async () => {
    const time = systemClock().now();
    const entry = { severity: 'info', time, host: '127.0.0.1', message: `SipEp: ${READY}` } as const;
    const line = await logged('303-TLS', () => syslog.send(entry));
    assert.match(line, /^14 /);
    assert.match(line, / host=127\.0\.0\.1 app=SipEp /);
    assert.ok(line.endsWith(`msg= ${READY}`), line);
  });

  it('keeps a notification of several lines in one', async () => {
    const entry = {
      severity: 'err',
      time: systemClock().now(),
      host: 'unit',
      message: 'Cwmp: 3900-first\nsecond',
    } as const;
    const line = await logged('3900-first', () => syslog.send(entry));
    assert.match(line, /^11 .*host=unit app=Cwmp .*3900-first second$/);
  });
});
