// Damaged requests at a unit's pages, by seed: with the cookie of an Admin, and with or without the token of that session.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type Random, seededRandom } from '../../../../shared/clock.ts';
import { createLog } from '../../../../shared/log.ts';
import { mutate, pick } from '../../../fuzz/mutate.ts';
import { Gateways, clock as system } from '../gateways.ts';
import { fieldsOf, openAsAdmin } from './client.ts';

interface Hostile {
  port: number;
  cookie: string;
  random: Random;
  /** Absent: requests carry none, or a wrong one. */
  token?: string;
}

const BOUNDARY = 'xYzZy';

/** Valid requests, but for the token. */
function requestsOf(token: string): string[] {
  const row = 'Device.X_0090F8_SipEp.Gateway.1.';
  const forms = [
    ['/sip/gateways', `token=${token}&o%3A${row}Port=0&v%3A${row}Port=5070&do=apply`],
    ['/sip/gateways?help', `token=${token}&v%3ADevice.X_0090F8_SipEp.Gateway.%2B.Name=b&do=add%3ASipEp.Gateway`],
    ['/sip/gateways', `token=${token}&do=delete%3A${row}`],
    [
      '/sip/transport',
      `token=${token}&o%3ADevice.X_0090F8_SipEp.TransportConfig.1.TlsEnable=Disable&v%3ADevice.X_0090F8_SipEp.TransportConfig.1.TlsEnable=Enable`,
    ],
    [
      '/system/all/Nlm',
      `token=${token}&v%3ADevice.X_0090F8_Nlm.SyslogRemoteHost=127.0.0.1&o%3ADevice.X_0090F8_Nlm.SyslogRemoteHost=`,
    ],
    ['/system/all/SipEp', `token=${token}&do=add%3ASipEp.Authentication`],
    ['/management/certificates', `token=${token}&action=transfer&type=Other`],
    ['/login', `token=${token}&user=public&password=x`],
    ['/login', `token=${token}&user=admin&password=administrator&to=%2F%2Fevil.test`],
  ] as const;
  const multipart = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="token"\r\n\r\n${token}\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; name="action"\r\n\r\ntransfer\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.pem"\r\n\r\nabc\r\n--${BOUNDARY}--\r\n`;
  return [
    ...forms.map(([path, body]) => framed(path, body, 'application/x-www-form-urlencoded')),
    framed('/management/certificates', multipart, `multipart/form-data; boundary=${BOUNDARY}`),
    ...['/sip/servers?help', '/system/all?q=tls', '/status', '/style.css', '/system/all/Mipt', '/login?to=%2F'].map(
      path => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: @cookie@\r\n\r\n`,
    ),
  ];
}

const framed = (path: string, body: string, type: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: @cookie@\r\nOrigin: http://127.0.0.1\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** Sends damaged requests one after another in some lanes. @throws AssertionError at an answer 5xx; else counts answers by status */
async function sendDamaged(count: number, { port, cookie, random, token }: Hostile): Promise<Map<string, number>> {
  const statuses = new Map<string, number>();
  const valid = requestsOf(token ?? '').map(text => Buffer.from(text.replace('@cookie@', cookie)));
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const bytes = damaged(pick(random, valid), random, pick(random, valid));
      // Requests of megabytes are the fuzz target's.
      const answer = await exchange(port, bytes.subarray(0, 65_536));
      for (const [, status = ''] of answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
        assert.doesNotMatch(status, /^5/, `${bytes.subarray(0, 400).toString('latin1')}\n${answer.slice(0, 400)}`);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  return statuses;
}

/** The whole request damaged, or its body within a right frame. */
function damaged(valid: Buffer, random: Random, other: Buffer): Buffer {
  const blank = valid.indexOf('\r\n\r\n') + 4;
  if (blank === valid.length || random.int(0, 1) === 0) return mutate(valid, random, other).bytes;
  const body = mutate(valid.subarray(blank), random, other).bytes;
  const head = valid
    .subarray(0, blank)
    .toString('latin1')
    .replace(/(?<=Content-Length: )\d+/, String(body.length));
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** One connection: sends, says that it has ended, and reads to the end. */
function exchange(port: number, bytes: Buffer): Promise<string> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    socket.on('data', chunk => {
      if (text.length < 100_000) text += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(text));
    socket.once('end', () => socket.end());
    socket.end(bytes);
  });
}

/** That many requests without the token, and as many with it. */
export async function holdsUnderDamage(count: number, seed: number): Promise<void> {
  const lines: string[] = [];
  const clock = {
    now: system.now.bind(system),
    monotonic: system.monotonic.bind(system),
    after: system.after.bind(system),
    // Wrong passwords are answered at once here.
    sleep: async () => undefined,
  };
  const log = createLog({ clock, level: 'warn', pretty: false, write: line => lines.push(line) });
  const on = await Gateways.open();
  const { device } = await on.up({ clock, log });
  const web = await openAsAdmin(device);
  try {
    const { token = '' } = fieldsOf(await web.page('/sip/gateways'));
    const hostile = {
      unit: device,
      port: Number(new URL(web.url).port),
      cookie: web.cookie,
      random: seededRandom(seed),
    };
    const before = JSON.stringify(device.config.stored());
    const refused = await sendDamaged(count, hostile);
    assert.equal(JSON.stringify(device.config.stored()), before);
    assert.ok((refused.get('403') ?? 0) > count / 10 && (refused.get('200') ?? 0) > 50, JSON.stringify([...refused]));
    const taken = await sendDamaged(count, { ...hostile, token });
    assert.ok((taken.get('303') ?? 0) + (taken.get('422') ?? 0) > count / 10, JSON.stringify([...taken]));
    assert.notEqual(JSON.stringify(device.config.stored()), before);
    assert.deepEqual(
      lines.filter(line => /"level":"error"/.test(line)),
      [],
    );
    assert.equal((await web.request('/sip/gateways')).status, 200);
  } finally {
    await web.close();
    await on.close();
  }
}
