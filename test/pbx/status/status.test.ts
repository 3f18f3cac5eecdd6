// The status page over HTTP: sections as HTML and JSON, metrics, and requests that it refuses.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { defaultSettings } from '../../../pbx/exchange/data.ts';
import { serveStatus } from '../../../pbx/status/server.ts';
import type { StatusSources } from '../../../pbx/status/sources.ts';
import type { Web } from '../../../pbx/web/server.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLog as log } from '../../../shared/log.ts';
import { statusSources, terminalAt } from '../../support/pbx/status-sources.ts';

const clock = systemClock();
const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

describe('the status page', () => {
  let web: Web | undefined;
  const start = async (sources: StatusSources): Promise<void> => {
    web = await serveStatus({ host: '127.0.0.1', port: 0, clock, log, sources });
  };
  afterEach(async () => {
    await web?.stop();
    web = undefined;
  });
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port: web?.port, path, headers, method }, answer => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      });
      asked.on('error', reject);
      asked.end();
    });
  const json = async (path: string): Promise<Record<string, unknown>> => {
    const { status, text } = await get(path, { accept: 'application/json' });
    assert.equal(status, 200, text);
    return JSON.parse(text) as Record<string, unknown>;
  };

  it('shows a registration with transport, port, security and the row that let it in', async () => {
    await start(statusSources());
    const { items } = (await json('/registrations')) as { items: Record<string, unknown>[] };
    const { dir, transport, port, encrypted, secureTerminal, outcome, row } = items[0] ?? {};
    assert.deepEqual(
      { dir, transport, port, encrypted, secureTerminal, outcome, row },
      {
        ...{ dir: '4100', transport: 'tls', port: 5061, encrypted: true, secureTerminal: true },
        ...{ outcome: 'allowed', row: 'Table 1 row 2' },
      },
    );
    const { text } = await get('/registrations');
    for (const shown of ['4100', 'tls', '5061', 'Table 1 row 2', 'Mitel 6867i/5.0']) assert.ok(text.includes(shown));
  });

  it('shows a refusal with the row that refused', async () => {
    const refusal = {
      ...({
        time: 0,
        what: 'registration',
        kind: 'SIP',
        dir: '4101',
        remote: '127.0.0.1:5',
        encrypted: false,
      } as const),
      ...{ product: 'Other 1', row: 'Table 2 row 4', reason: 'the security policy bars it' },
    };
    await start(statusSources({ refusals: () => [refusal], refusalTotals: () => new Map([['Table 2 row 4', 7]]) }));
    const { items } = (await json('/refusals')) as { items: unknown[] };
    assert.deepEqual(items, [{ ...refusal, time: '1970-01-01T00:00:00Z' }]);
    assert.match((await get('/refusals')).text, /<td role="cell" data-label="Row">Table 2 row 4<\/td>/);
    assert.match((await get('/metrics')).text, /^pbx_refusals_total\{row="Table 2 row 4"\} 7$/m);
  });

  it('shows policy, encryption switches, licences and routes', async () => {
    const mediaEncryption = { extension: true, route: false, intermgw: false };
    const sip = {
      route: 3,
      prefix: '00',
      to: 'peer.test:5061',
      protocol: 'tls',
      kind: 'exchange',
      state: 'up',
    } as const;
    const h323 = { route: 4, prefix: '01', host: '::1', port: 1720, tls: false };
    await start(
      statusSources({ routes: () => [sip] }, [
        { table: 'settings', key: 'system', row: { ...defaultSettings, policy: 2, mediaEncryption } },
        { table: 'licenses', key: 'VOIP-SECURITY', row: { tag: 'VOIP-SECURITY' } },
        { table: 'h323Routes', key: '4', row: h323 },
      ]),
    );
    const { items } = (await json('/policy')) as { items: { setting: string; value: unknown }[] };
    assert.deepEqual(items.slice(0, 3), [
      { setting: 'Security policy', value: '2 (ALL_SECURE + EXC_EXT)' },
      { setting: 'Media encryption, extension', value: 'enabled' },
      { setting: 'Media encryption, route', value: 'disabled' },
    ]);
    assert.match((await get('/licenses')).text, /VOIP-SECURITY/);
    const { items: routes } = (await json('/routes')) as { items: Record<string, unknown>[] };
    assert.deepEqual(routes, [
      { kind: 'SIP', route: 3, prefix: '00', to: 'peer.test:5061', transport: 'tls', side: 'exchange', state: 'up' },
      { kind: 'H.323', route: 4, prefix: '01', to: '[::1]:1720', transport: 'tcp' },
    ]);
  });

  it('takes all that a device says as text', async () => {
    const hostile = terminalAt({ product: HOSTILE, contact: `sip:4100@x;${HOSTILE}`, dir: HOSTILE });
    const calls = [{ kind: 'SIP' as const, from: HOSTILE, to: HOSTILE, state: 'up', media: HOSTILE, seconds: 1 }];
    await start(statusSources({ terminals: () => [hostile], calls: () => calls }));
    for (const path of ['/registrations', '/calls', `/registrations?dir=${encodeURIComponent(HOSTILE)}`]) {
      const { text } = await get(path);
      assert.doesNotMatch(text, /<(script|img)/i, path);
      assert.ok(text.includes('&#60;script&#62;'), path);
    }
  });

  it('sends a strict policy, no script, and nothing that is kept', async () => {
    await start(statusSources());
    const { headers, text } = await get('/');
    assert.match(String(headers['content-security-policy']), /^default-src 'none'; base-uri 'none'; frame-ancestors/);
    assert.doesNotMatch(String(headers['content-security-policy']), /unsafe|script-src|https?:/);
    assert.equal(headers['cache-control'], 'no-store');
    assert.doesNotMatch(text, /<script|onclick|javascript:/i);
  });

  it('refreshes itself only where the reader asks for it', async () => {
    await start(statusSources());
    assert.doesNotMatch((await get('/calls')).text, /http-equiv="refresh"/);
    assert.match((await get('/calls?refresh=10')).text, /<meta http-equiv="refresh" content="10">/);
    assert.doesNotMatch((await get(`/calls?refresh=${encodeURIComponent('0;url=//x')}`)).text, /http-equiv/);
  });

  it('gives long lists in parts, and those of one number', async () => {
    const terminals = Array.from({ length: 450 }, (_, at) => terminalAt({ dir: String(4000 + at) }));
    await start(statusSources({ terminals: () => terminals }));
    const seen: string[] = [];
    for (let path: string | undefined = '/registrations'; path !== undefined; ) {
      const part = (await json(path)) as { items: { dir: string }[]; total: number; next?: string };
      assert.equal(part.total, 450);
      seen.push(...part.items.map(({ dir }) => dir));
      path = part.next;
    }
    assert.deepEqual(
      seen,
      terminals.map(({ dir }) => dir),
    );
    assert.equal((await json('/registrations?dir=4321')).total, 1);
    assert.match((await get('/registrations?offset=200')).text, /Rows 201 to 400 of 450\./);
    assert.match((await get('/registrations?offset=99999999')).text, /Rows 450 to 450 of 450\./);
  });

  it('refuses a foreign name in Host, other methods and unknown paths', async () => {
    await start(statusSources());
    const status = async (path: string, host: string, method = 'GET'): Promise<number> =>
      (await get(path, { host }, method)).status;
    assert.equal(await status('/', 'evil.test'), 421);
    assert.equal(await status('/metrics', 'evil.test:80'), 421);
    for (const host of ['127.0.0.1', 'localhost:9', 'LAB.test', '[::1]:8']) assert.equal(await status('/', host), 200);
    assert.equal(await status('/', 'localhost', 'POST'), 405);
    assert.equal(await status('/', 'localhost', 'HEAD'), 200);
    assert.equal(await status('/../etc/passwd', 'localhost'), 404);
    assert.equal(await status('/%', 'localhost'), 400);
  });

  it('answers what is no HTTP and stays up', async () => {
    await start(statusSources());
    const socket = connect(web?.port ?? 0, '127.0.0.1');
    socket.write('no http\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(String(answer), /^HTTP\/1\.1 400 /);
    socket.destroy();
    assert.equal((await get('/healthz')).text, 'ok\n');
  });

  it('has metrics of registrations, calls, messages, event loop and memory', async () => {
    const terminals = [terminalAt(), terminalAt({ protocol: 'udp' }), terminalAt({ kind: 'H.323' })];
    const messages = [{ kind: 'SIP', direction: 'received', type: 'REGISTER', count: 12 } as const];
    const calls = [{ kind: 'SIP', from: '1', to: '2', state: 'up', seconds: 1 } as const];
    await start(statusSources({ terminals: () => terminals, messages: () => messages, calls: () => calls }));
    const { headers, text } = await get('/metrics');
    assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
    for (const line of [
      'pbx_registrations{kind="SIP",security="encrypted"} 1',
      'pbx_registrations{kind="SIP",security="clear"} 1',
      'pbx_registrations{kind="H.323",security="encrypted"} 1',
      'pbx_calls{kind="SIP",state="up"} 1',
      'pbx_messages_total{kind="SIP",direction="received",type="REGISTER"} 12',
      'pbx_connections{kind="SIP",protocol="tls"} 1',
      'pbx_connections{kind="H.323",protocol="tls"} 0',
      'pbx_security_policy 0',
      'pbx_media_encryption{type="route"} 0',
    ])
      assert.ok(text.split('\n').includes(line), line);
    assert.match(text, /^pbx_event_loop_lag_seconds\{quantile="0\.99"\} \d/m);
    assert.match(text, /^process_resident_memory_bytes \d{7,}$/m);
  });
});
