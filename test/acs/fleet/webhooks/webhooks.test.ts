// Webhooks: signed messages, queued with the commit of their fact, retried within bounds, and sent only to allowed targets.
import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signatureOf } from '../../../../acs/fleet/webhooks/webhook-message.ts';
import { createPoster } from '../../../../acs/north/webhook-sender.ts';
import { openSqlite } from '../../../../acs/store/sqlite/store.ts';
import { VirtualClock } from '../../../../shared/clock.ts';
import { networks } from '../../../../shared/net/address.ts';
import { type TestApi, testApi } from '../../../support/acs/api.ts';
import { ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { identityOf, idOf, informOf, newYear } from '../../../support/devices.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const secret = 'a secret of our own';
const whsec = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

interface Message {
  id: string;
  event: string;
  time: string;
  device?: string;
  data: Record<string, unknown>;
}

describe('webhooks', () => {
  let api: TestApi;
  const id = idOf(identityOf('A'));
  const put = async (name: string, body: Record<string, unknown>, status = 201) => {
    const answer = await api.call('PUT', `/webhooks/${name}`, {
      body: { url: 'https://hook.test/x', secret, format: 'tandem-1', ...body },
    });
    assert.equal(answer.status, status, answer.text);
    return answer.json;
  };
  const messages = (): Message[] => api.acs.posted.map(({ body }) => JSON.parse(body) as Message);
  const received = (): string[] =>
    messages().map(({ event, data }) => `${event} ${String(data.state ?? data.code ?? data.was ?? '')}`.trim());
  const inform = (more = {}) =>
    api.acs.store.apply(id, 'informed', informOf('A', api.acs.clock.now(), ['2 PERIODIC'], more));
  const send = () => api.acs.fleet.webhooks.loop.sendDue();
  const waiting = async (name: string) =>
    (await api.call('GET', `/webhooks/${name}`)).json as unknown as { waiting: number; dead: number };

  beforeEach(async () => {
    api = await testApi({ enrol: 'auto' });
  });
  afterEach(async () => {
    await api.close();
  });

  it('receive the events that they want, signed, with one id for each fact', async () => {
    await put('all', { events: ['enrolled', 'late', 'lost', 'back', 'task', 'fault', 'faultCleared', 'removed'] });
    await put('lost', { events: ['lost'], url: 'https://other.test/' });
    const { store, clock } = api.acs;
    await inform();
    const task = await api.acs.fleet.tasks.add(id, { method: 'Reboot', args: {} });
    await store.apply(id, 'taskCancelled', { id: task.id, now: clock.now() });
    const raise = (message: string) =>
      store.apply(id, 'faultRaised', { cause: 'x', code: 9001, message, retryAt: clock.now(), now: clock.now() });
    await raise('no');
    await raise('no');
    await store.apply(id, 'faultCleared', { cause: 'x' });
    await clock.advance(3 * HOUR);
    await store.apply(id, 'missed', { now: clock.now() });
    await inform();
    await store.apply(id, 'removed', { now: clock.now() });
    await send();
    assert.deepEqual(
      received().sort(),
      [
        'back lost',
        'enrolled enrolled',
        'fault 9001',
        'faultCleared 9001',
        'lost',
        'lost',
        'removed',
        'task cancelled',
      ].sort(),
    );
    const lost = api.acs.posted.filter(({ headers }) => headers['tandem-event'] === 'lost');
    assert.deepEqual(lost.map(({ url }) => url).sort(), ['https://hook.test/x', 'https://other.test/']);
    assert.equal(new Set(lost.map(({ headers }) => headers['tandem-id'])).size, 1);
    for (const { headers, body } of api.acs.posted) {
      const signed = signatureOf(secret, headers['tandem-timestamp'] ?? '', body);
      assert.equal(headers['tandem-signature'], `v1=${signed}`);
      assert.equal(headers['tandem-id'], (JSON.parse(body) as Message).id);
      assert.equal(Number(headers['tandem-timestamp']), Math.floor(clock.now() / 1000));
    }
    assert.deepEqual(await waiting('all'), { ...(await waiting('all')), waiting: 0, dead: 0 });
    await send();
    assert.equal(api.acs.posted.length, 8, 'nothing is sent twice');
  });

  it('receive nothing for other devices, while paused, or of earlier facts', async () => {
    await put('here', { events: ['enrolled'], filter: 'serial = "A"' });
    await put('elsewhere', { events: ['enrolled'], filter: 'serial = "B" or tag = "x"' });
    await put('paused', { events: ['enrolled'], paused: true });
    await inform();
    await put('later', { events: ['enrolled'] });
    await send();
    assert.deepEqual(received(), ['enrolled enrolled']);
    for (const name of ['elsewhere', 'paused', 'later']) assert.equal((await waiting(name)).waiting, 0, name);
  });

  it('receive alerts when they want them or the alert names them', async () => {
    await inform();
    await put('named', { events: [], url: 'https://named.test/' });
    await put('wanting', { events: ['alert'], url: 'https://wanting.test/' });
    const alert = (name: string, more = {}) =>
      api.call('PUT', `/alerts/${name}`, { body: { filter: 'id exists', ...more } });
    await alert('a');
    await alert('b', { webhooks: ['named'] });
    await api.call('DELETE', '/alerts/b');
    await send();
    const targets = api.acs.posted.map(({ url, body }) => `${url} ${String((JSON.parse(body) as Message).data.alert)}`);
    assert.deepEqual(targets.sort(), ['https://named.test/ b', 'https://named.test/ b', 'https://wanting.test/ a']);
    assert.deepEqual(received().sort(), ['alert firing', 'alert firing', 'alert resolved']);
    await api.refused(400, 'no-such-webhook', 'PUT', '/alerts/c', { body: { filter: 'lost', webhooks: ['none'] } });
  });

  it('are retried with growing pauses for days, then given up and listed', async () => {
    await put('down', { events: ['enrolled'] });
    await inform();
    api.acs.fleet.webhooks.loop.start();
    const { clock, posted, answers } = api.acs;
    answers.push(...Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? 500 : 'connection refused')));
    await clock.advance(HOUR);
    const early = posted.length;
    assert.ok(early >= 4 && early <= 9, `${early} in the first hour`);
    assert.deepEqual(
      posted.map(({ headers }) => Number(headers['tandem-attempt'])),
      posted.map((_, at) => at + 1),
    );
    assert.equal(new Set(posted.map(({ headers }) => headers['tandem-id'])).size, 1);
    const { items } = (await api.call('GET', '/webhooks/down/deliveries')).json as unknown as {
      items: { event: string; error: string; device: string }[];
    };
    assert.equal(items.length, 1);
    assert.match(items[0]?.error ?? '', /answered 500|connection refused/);
    const lines = api.acs.logged.filter(line => line.includes('webhook delivery failed'));
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /"webhook":"down","reason":"it answered 500"/);
    await clock.advance(3.5 * DAY);
    assert.ok(posted.length < 30, `${posted.length} in four days`);
    assert.deepEqual({ ...(await waiting('down')) }.dead, 1);
    const dead = (await api.call('GET', '/webhooks/down/deliveries?dead=true')).json as unknown as {
      items: { device: string }[];
    };
    assert.deepEqual(
      dead.items.map(({ device }) => device),
      [id],
    );
    answers.length = 0;
    const before = posted.length;
    assert.deepEqual((await api.call('POST', '/webhooks/down/retry')).json, { revived: 1 });
    await clock.advance(MINUTE);
    assert.equal(posted.length, before + 1);
    const { waiting: left, dead: gone } = await waiting('down');
    assert.deepEqual([left, gone], [0, 0]);
    await api.acs.fleet.webhooks.loop.stop();
  }).timeout(60_000);

  it('get the messages that wait for their next attempt at once on request', async () => {
    await put('down', { events: ['enrolled'] });
    await inform();
    api.acs.fleet.webhooks.loop.start();
    const { clock, posted, answers } = api.acs;
    answers.push(...Array.from({ length: 6 }, () => 500));
    await clock.advance(HOUR / 2);
    const before = posted.length;
    const [{ attempts } = { attempts: 0 }] = await api.acs.store.deliveries({ webhook: 'down', dead: false, limit: 1 });
    assert.ok(attempts >= 4, 'the next attempt is minutes away');
    answers.length = 0;
    assert.deepEqual((await api.call('POST', '/webhooks/down/retry')).json, { revived: 1 });
    await clock.advance(1000);
    assert.equal(posted.length, before + 1);
    assert.equal((await waiting('down')).waiting, 0);
    await api.acs.fleet.webhooks.loop.stop();
  });

  it('are sent their messages while the receiver of another one is slow', async () => {
    await put('a', { events: ['enrolled'], url: 'https://slow.test/' });
    await put('b', { events: ['task'], url: 'https://quick.test/' });
    const { clock, posted, answers, fleet } = api.acs;
    let accept = (_status: number): void => undefined;
    answers.push(new Promise<number>(resolve => (accept = resolve)));
    await inform();
    fleet.webhooks.loop.start();
    await clock.advance(1000);
    const task = await fleet.tasks.add(id, { method: 'Reboot', args: {} });
    await api.acs.store.apply(id, 'taskCancelled', { id: task.id, now: clock.now() });
    await clock.advance(6000);
    assert.deepEqual(
      posted.map(({ url }) => url),
      ['https://slow.test/', 'https://quick.test/'],
    );
    accept(204);
    await clock.advance(1000);
    assert.equal((await waiting('a')).waiting, 0);
    await fleet.webhooks.loop.stop();
  });

  it('get few attempts while they fail, and all messages when they are back', async () => {
    await put('busy', { events: ['enrolled'] });
    for (let n = 0; n < 60; n++)
      await api.acs.store.apply(`x-${n}`, 'informed', informOf(String(n), api.acs.clock.now(), []));
    api.acs.fleet.webhooks.loop.start();
    api.acs.answers.push(...Array.from({ length: 30 }, () => 503));
    await api.acs.clock.advance(5 * MINUTE);
    assert.ok(api.acs.posted.length < 15, `${api.acs.posted.length} in five minutes`);
    api.acs.answers.length = 0;
    await api.acs.clock.advance(DAY);
    const taken = new Set(messages().map(message => message.id));
    assert.equal(taken.size, 60);
    assert.equal((await waiting('busy')).waiting, 0);
    await api.acs.fleet.webhooks.loop.stop();
  });

  it('get no retry after the status 410', async () => {
    await put('gone', { events: ['enrolled'] });
    await inform();
    api.acs.answers.push(410);
    await send();
    assert.equal((await waiting('gone')).dead, 1);
  });

  it('keep a message in the store when the process ends before it sends', async () => {
    await put('all', { events: ['enrolled', 'task'] });
    const cpe = new ScriptedCpe(api.acs.app, { username: 'enrol', password: 'factory' });
    await cpe.session();
    assert.equal(api.acs.posted.length, 0);
    const due = await api.acs.store.deliveries({ webhook: 'all', dead: false, limit: 10 });
    assert.deepEqual(
      due.map(({ notice }) => notice.type),
      ['enrolled'],
    );
    await send();
    assert.deepEqual(received(), ['enrolled enrolled']);
  });

  it('have a bounded queue, which gives the oldest messages up first', async () => {
    const clock = new VirtualClock(newYear);
    const store = await openSqlite({ file: ':memory:', clock });
    await store.putDocument('webhook', 'w', { events: ['alert'] });
    const notices = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({
        id: `n${from + n}`,
        type: 'alert' as const,
        time: newYear + from + n,
        data: {},
      }));
    for (let from = 0; from < 12_000; from += 1000)
      await store.putDocument('setting', 's', {}, undefined, notices(from, 1000));
    await store.boundDeliveries(0);
    assert.deepEqual(await store.deliveryCounts(), [
      { webhook: 'w', waiting: 10_000, dead: 1000, next: newYear + 2000 },
    ]);
    const [newest] = await store.deliveries({ webhook: 'w', dead: true, limit: 1 });
    assert.deepEqual([newest?.notice.id, newest?.error], ['n1999', 'too many were waiting']);
    await store.boundDeliveries(newYear + 20_000);
    assert.deepEqual(await store.deliveryCounts(), [{ webhook: 'w', waiting: 10_000, dead: 0, next: newYear + 2000 }]);
    await store.close();
  }).timeout(20_000);

  it('get a secret where none is given, shown once and masked later', async () => {
    const made = await put('made', { events: [], secret: undefined });
    assert.match(String(made.secret), /^whsec_[\w+/]{43}=$/);
    assert.equal((await put('made', { events: ['lost'], secret: '***' }, 200)).secret, '***');
    const stored = (await api.acs.store.document<{ secret: string }>('webhook', 'made'))?.body.secret ?? '';
    assert.equal(api.acs.secrets.open(stored), made.secret);
    assert.ok(!stored.includes(String(made.secret)));
    for (const path of ['/webhooks', '/webhooks/made'])
      assert.ok(!(await api.call('GET', path)).text.includes(String(made.secret)), path);
    assert.deepEqual((await api.call('POST', '/webhooks/made/ping')).json, { status: 204 });
    assert.deepEqual(
      messages().map(({ event, data }) => [event, data]),
      [['ping', {}]],
    );
    api.acs.answers.push('no way');
    assert.deepEqual((await api.call('POST', '/webhooks/made/ping')).json, { reason: 'no way' });
  });

  it('lose their queued messages when they are deleted', async () => {
    await put('w', { events: ['enrolled'] });
    await inform();
    assert.equal((await waiting('w')).waiting, 1);
    assert.equal((await api.call('DELETE', '/webhooks/w')).status, 204);
    await send();
    assert.equal(api.acs.posted.length, 0);
    await api.refused(404, 'no-such-webhook', 'GET', '/webhooks/w');
    assert.deepEqual(await api.acs.store.deliveryCounts(), []);
  });

  const wrongs: [what: string, body: Record<string, unknown>, code: string, says: RegExp][] = [
    ['no URL', { url: 'nowhere' }, 'bad-url', /url/],
    ['another protocol', { url: 'ftp://x.test' }, 'bad-url', /https/],
    ['a private address', { url: 'http://10.0.0.9/' }, 'bad-url', /http:\/\/ is allowed only.*10\.0\.0\.9/],
    ['a private address by https', { url: 'https://10.0.0.9/' }, 'bad-url', /private network.*--webhook-allow/],
    ['a private address of IPv6', { url: 'https://[fe80::1]:8443/' }, 'bad-url', /fe80::1 is in a private network/],
    ['an address in one number', { url: 'https://2130706433/' }, 'bad-url', /127\.0\.0\.1 is in a private/],
    ['plain HTTP to a public address', { url: 'http://8.8.8.8/' }, 'bad-url', /http:\/\/ is allowed only/],
    ['a password in the URL', { url: 'https://a:b@x.test' }, 'bad-url', /signed/],
    ['an unknown event', { events: ['rpc'] }, 'bad-input', /events/],
    ['an invalid filter', { filter: 'nonsense' }, 'bad-filter', /filter: /],
    ['a short secret', { format: 'tandem-1', secret: 'short' }, 'bad-input', /16/],
    ['a secret of another form', { secret }, 'bad-input', /whsec_/],
    ['a key of 23 bytes', { secret: whsec(23) }, 'bad-input', /24 to 64/],
    ['a key of 65 bytes', { secret: whsec(65) }, 'bad-input', /24 to 64/],
    ['an unknown format', { format: 'standard-2' }, 'bad-input', /format/],
    ['event codes without Informs', { eventCodes: ['1 BOOT'] }, 'bad-input', /eventCodes.*inform/],
    ['what is no event code', { events: ['inform'], eventCodes: ['boot'] }, 'bad-input', /eventCodes/],
    ['what is no path', { events: ['inform'], parameters: ['Device.(*'] }, 'bad-path', /parameters/],
    ['a path with **', { events: ['inform'], parameters: ['Device.**'] }, 'bad-path', /parameters/],
  ];
  for (const [what, body, code, says] of wrongs)
    it(`refuses ${what}`, async () => {
      const full = { url: 'https://hook.test', events: ['lost'], ...body };
      assert.match(String((await api.refused(400, code, 'PUT', '/webhooks/w', { body: full })).detail), says);
    });
  it('are written only by an admin', async () => {
    const body = { url: 'https://hook.test', events: [] };
    await api.refused(403, 'forbidden', 'PUT', '/webhooks/w', { body, token: 'operator-token' });
  });
});

describe('webhook targets', () => {
  let server: Server;
  let requests: { headers: IncomingHttpHeaders; body: string }[];
  let port: number;
  const signal = new AbortController().signal;
  const message = { headers: { 'content-type': 'application/json', 'tandem-id': 'x' }, body: '{}', signal };

  beforeEach(async () => {
    requests = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', chunk => {
        body += chunk;
      });
      request.on('end', () => {
        requests.push({ headers: request.headers, body });
        response.writeHead(request.url === '/away' ? 302 : 200, { location: '/elsewhere' }).end('x'.repeat(200_000));
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(() => new Promise(resolve => server.close(resolve)));

  it('may be plain HTTP and own networks where allowed, without following redirects', async () => {
    const open = createPoster(networks(['127.0.0.1']));
    assert.deepEqual(await open.post(`http://127.0.0.1:${port}/`, message), { status: 200 });
    assert.deepEqual(await open.post(`http://localhost:${port}/`, message), { status: 200 });
    assert.deepEqual(await open.post(`http://127.0.0.1:${port}/away`, message), { status: 302 });
    assert.deepEqual(
      requests.map(({ body }) => body),
      ['{}', '{}', '{}'],
    );
    assert.equal(requests[0]?.headers['tandem-id'], 'x');
    await assert.rejects(open.post('http://127.0.0.2/', message), /webhook-allow/);
    await open.close();
  });

  it('may not be own networks or plain HTTP otherwise', async () => {
    const closed = createPoster(networks([]));
    for (const host of [
      '127.0.0.1',
      '10.1.2.3',
      '192.168.0.1',
      '169.254.169.254',
      '[::1]',
      '[::ffff:10.0.0.1]',
      '[fe80::1]',
      '0.0.0.0',
      'localhost',
    ])
      await assert.rejects(closed.post(`https://${host}:${port}/`, message), /webhook-allow/, host);
    for (const host of ['127.0.0.1', 'localhost', '8.8.8.8'])
      await assert.rejects(closed.post(`http://${host}:${port}/`, message), /http:\/\/ is allowed only/, host);
    assert.equal(requests.length, 0);
    await closed.close();
  });
});
