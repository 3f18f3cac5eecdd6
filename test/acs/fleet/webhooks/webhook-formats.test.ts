// Formats of webhooks: Standard Webhooks 1.0, verified by its reference library, CloudEvents 1.0, and the one of earlier versions.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { messageBody, messageHeaders } from '../../../../acs/fleet/webhooks/webhook-message.ts';
import { standardKey } from '../../../../acs/fleet/webhooks/webhook-secret.ts';
import { openSqlite } from '../../../../acs/store/sqlite/store.ts';
import { VirtualClock } from '../../../../shared/clock.ts';
import { type TestApi, testApi } from '../../../support/acs/api.ts';
import { identityOf, idOf, informOf } from '../../../support/devices.ts';

const HOUR = 3_600_000;
const given = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const other = `whsec_${Buffer.alloc(24, 6).toString('base64')}`;
const count = 'Device.X.Count';
const state = 'Device.X.1.State';

describe('webhook formats', () => {
  let api: TestApi;
  const id = idOf(identityOf('A'));
  const put = async (name: string, body: Record<string, unknown>, status = 201) => {
    const answer = await api.call('PUT', `/webhooks/${name}`, { body: { url: 'https://hook.test/x', ...body } });
    assert.equal(answer.status, status, answer.text);
    return answer.json;
  };
  const rotate = async (name: string, body?: Record<string, unknown>) => {
    const answer = await api.call('POST', `/webhooks/${name}/rotate`, body ? { body } : {});
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };
  const get = async (name: string) => (await api.call('GET', `/webhooks/${name}`)).json;
  const inform = (codes = ['2 PERIODIC'], values: Record<string, string> = {}) => {
    const parameters = Object.entries(values).map(([Name, Value]) => ({ Name, Value }));
    return api.acs.store.apply(id, 'informed', informOf('A', api.acs.clock.now(), codes, { parameters }));
  };
  const send = () => api.acs.fleet.webhooks.loop.sendDue();
  const last = () => api.acs.posted.at(-1) ?? assert.fail('nothing was sent');
  const verified = (secret: string, { headers, body } = last()) => new Webhook(secret).verify(body, headers);

  beforeEach(async () => {
    // The reference library compares timestamps with the time of day.
    const clock = new VirtualClock(Date.now());
    api = await testApi({ enrol: 'auto', beside: { clock, store: await openSqlite({ file: ':memory:', clock }) } });
  });
  afterEach(async () => {
    await api.close();
  });

  it('are Standard Webhooks by default, as the reference library verifies', async () => {
    const { secret, format } = await put('w', { events: ['enrolled'] });
    assert.equal(format, 'standard');
    await inform();
    await send();
    const timestamp = new Date(api.acs.clock.now()).toISOString();
    const data = { device: id, state: 'enrolled', was: null };
    assert.deepEqual(verified(String(secret)), { type: 'enrolled', timestamp, data });
    assert.deepEqual(JSON.parse(last().body), { type: 'enrolled', timestamp, data });
    assert.match(last().headers['webhook-id'] ?? '', /^[\w-]+$/);
    assert.match(last().headers['webhook-signature'] ?? '', /^v1,[\w+/]{43}=$/);
    assert.equal(last().headers['content-type'], 'application/json');
    assert.throws(() => verified(other), /No matching signature/);
    for (const [name, value] of [
      ['webhook-id', 'another'],
      ['webhook-timestamp', String(Math.floor(Date.now() / 1000) + 1)],
    ] as const)
      assert.throws(() => verified(String(secret), { ...last(), headers: { ...last().headers, [name]: value } }));
    assert.throws(() => verified(String(secret), { ...last(), body: last().body.replace('enrolled', 'lost') }));
  });

  it('are verified whatever key and content they have, and unlike keys are refused', () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 });
    const bytes = fc.uint8Array({ maxLength: 80 });
    fc.assert(
      fc.property(bytes, text, fc.constantFrom('standard', 'cloudevents'), (key, content, format) => {
        const secret = `whsec_${Buffer.from(key).toString('base64')}`;
        const isKey = key.length >= 24 && key.length <= 64;
        assert.deepEqual(standardKey(secret), isKey ? Buffer.from(key) : undefined);
        if (!isKey) return;
        assert.equal(standardKey(`${secret} `), undefined);
        const message = { id: 'a1', type: 'ping' as const, time: 0, data: { content } };
        const body = messageBody(format, message);
        const headers = messageHeaders(format, message, {
          body,
          attempt: 1,
          secrets: [given, secret],
          now: Date.now(),
        });
        const data = verified(secret, { url: '', headers, body }) as { data: unknown };
        assert.deepEqual(data.data, { content });
      }),
      { seed: Number(process.env.TANDEM_SEED ?? 5), numRuns: 300 },
    );
  });

  it('sign a repeated message under the same id', async () => {
    await put('w', { events: ['enrolled'], secret: given });
    await inform();
    api.acs.answers.push(500);
    await send();
    await api.acs.clock.advance(HOUR / 60);
    await send();
    const [first, second] = api.acs.posted;
    assert.equal(first?.headers['webhook-id'], second?.headers['webhook-id']);
    assert.notEqual(first?.headers['webhook-timestamp'], second?.headers['webhook-timestamp']);
    assert.ok(verified(given, first) && verified(given, second));
  });

  it('have two signatures while a replaced secret still counts', async () => {
    await put('w', { events: [], secret: given });
    const { secret, oldSecretUntil } = await rotate('w', { keep: '2h' });
    assert.equal(oldSecretUntil, new Date(api.acs.clock.now() + 2 * HOUR).toISOString());
    assert.equal((await get('w')).secret, '***');
    const ping = async () => {
      await api.call('POST', '/webhooks/w/ping');
      return (last().headers['webhook-signature'] ?? '').split(' ').length;
    };
    assert.equal(await ping(), 2);
    assert.ok(verified(given) && verified(String(secret)));
    await put('w', { events: ['lost'] }, 200);
    assert.equal(await ping(), 2, 'another change keeps both');
    await api.acs.store.putDocument('webhook', 'w', {
      ...(await api.acs.store.document<object>('webhook', 'w'))?.body,
      oldSecrets: [{ secret: api.acs.secrets.seal(given), until: api.acs.clock.now() }],
    });
    assert.equal(await ping(), 1);
    assert.throws(() => verified(given));
    assert.equal((await get('w')).oldSecretUntil, undefined);
    for (let times = 0; times < 4; times++) await rotate('w');
    assert.equal(await ping(), 3, 'the last two old ones');
    assert.equal((await rotate('w', { secret: other, keep: '0s' })).secret, '***');
    assert.equal(await ping(), 1);
    assert.ok(verified(other));
    const stored = JSON.stringify(await api.acs.store.documents('webhook'));
    for (const plain of [given, other, String(secret)]) assert.ok(!stored.includes(plain));
    await put('w', { events: [], secret: given }, 200);
    assert.equal(await ping(), 1, 'a secret by PUT counts alone');
  });

  it('refuse a rotation that cannot be', async () => {
    await put('w', { events: [] });
    await put('old', { events: [], format: 'tandem-1' });
    await api.refused(404, 'no-such-webhook', 'POST', '/webhooks/none/rotate');
    await api.refused(409, 'one-signature', 'POST', '/webhooks/old/rotate');
    await api.refused(400, 'bad-input', 'POST', '/webhooks/w/rotate', { body: { secret: 'a text of its own kind' } });
    for (const keep of ['soon', '31d'])
      await api.refused(400, 'bad-duration', 'POST', '/webhooks/w/rotate', { body: { keep } });
    await api.refused(403, 'forbidden', 'POST', '/webhooks/w/rotate', { token: 'operator-token' });
  });

  it('tell the audit of a rotation, without any secret', async () => {
    await put('w', { events: [], secret: given });
    const { secret } = await rotate('w');
    const { text } = await api.call('GET', '/audit');
    assert.match(text, /rotateWebhookSecret/);
    assert.ok(!text.includes(given) && !text.includes(String(secret)));
  });

  it('are CloudEvents on request', async () => {
    await put('w', { events: ['enrolled'], secret: given, format: 'cloudevents' });
    await inform();
    await send();
    const { headers } = last();
    assert.equal(headers['content-type'], 'application/cloudevents+json; charset=utf-8');
    assert.deepEqual(verified(given), {
      specversion: '1.0',
      id: headers['webhook-id'],
      source: '/tandem/acs',
      type: 'tandem.enrolled',
      time: new Date(api.acs.clock.now()).toISOString(),
      subject: id,
      datacontenttype: 'application/json',
      data: { device: id, state: 'enrolled', was: null },
    });
  });

  it('stay as they were for a webhook of an earlier version, until it gets another', async () => {
    const old = { url: 'https://hook.test/x', events: ['enrolled'], secret: api.acs.secrets.seal('a text of before') };
    await api.acs.store.putDocument('webhook', 'w', old);
    await inform();
    await send();
    assert.match(last().headers['tandem-signature'] ?? '', /^v1=[0-9a-f]{64}$/);
    assert.equal((JSON.parse(last().body) as { event: string }).event, 'enrolled');
    assert.equal((await get('w')).format, 'tandem-1');
    assert.deepEqual((await put('w', { events: ['lost'] }, 200)).format, 'tandem-1');
    const { secret, format } = await put('w', { events: ['lost'], format: 'standard' }, 200);
    assert.equal(format, 'standard');
    await api.call('POST', '/webhooks/w/ping');
    assert.ok(verified(String(secret)), 'a text that is no key of the new format is replaced');
    assert.equal((await put('w', { events: ['lost'], format: 'cloudevents' }, 200)).secret, '***');
  });

  it('are disabled by the answer 410, once, and enabled by a PUT', async () => {
    await put('w', { events: ['enrolled'], secret: given });
    for (let n = 0; n < 3; n++)
      await api.acs.store.apply(`x-${n}`, 'informed', informOf(String(n), api.acs.clock.now(), []));
    api.acs.answers.push(410, 410, 410);
    await send();
    const { paused, gone, dead } = await get('w');
    assert.deepEqual([paused, gone, dead], [true, new Date(api.acs.clock.now()).toISOString(), 3]);
    assert.equal(api.acs.logged.filter(line => line.includes('webhook disabled')).length, 1);
    await inform();
    await api.acs.clock.advance(HOUR);
    await send();
    assert.equal(api.acs.posted.length, 3);
    assert.equal((await get('w')).dead, 3, 'they stay listed');
    assert.equal((await get('w')).waiting, 0);
    const enabled = await put('w', { events: ['enrolled'] }, 200);
    assert.deepEqual([enabled.paused, enabled.gone], [undefined, undefined]);
    await api.call('POST', '/webhooks/w/retry');
    await send();
    assert.equal((await get('w')).dead, 0);
    assert.equal(api.acs.posted.length, 6);
  });

  it('wait as long as a busy receiver asks, a day at most', async () => {
    await put('w', { events: ['enrolled'], secret: given });
    await inform();
    api.acs.answers.push({ status: 429, retryAfterMs: 2 * HOUR }, { status: 503, retryAfterMs: 1000 * HOUR });
    await send();
    await api.acs.clock.advance(2 * HOUR - 1000);
    await send();
    assert.equal(api.acs.posted.length, 1);
    await api.acs.clock.advance(2000);
    await send();
    assert.equal(api.acs.posted.length, 2);
    await api.acs.clock.advance(24 * HOUR - 1000);
    await send();
    assert.equal(api.acs.posted.length, 2);
    await api.acs.clock.advance(2000);
    await send();
    assert.equal((await get('w')).waiting, 0);
  });

  it('receive Informs by event code, changed parameter and device', async () => {
    const hooks: [name: string, body: Record<string, unknown>][] = [
      ['all', {}],
      ['boots', { eventCodes: ['1 BOOT', 'M Reboot'] }],
      ['one', { parameters: [count] }],
      ['below', { parameters: ['Device.X.*.'] }],
      ['wild', { parameters: ['Device.*.Count'] }],
      ['both', { eventCodes: ['4 VALUE CHANGE'], parameters: ['Device.X.'] }],
      ['elsewhere', { filter: 'serial = "B"' }],
      ['valued', { filter: `${count} = "2"` }],
    ];
    for (const [name, more] of hooks) await put(name, { events: ['inform'], url: `https://${name}.test/`, ...more });
    await put('faults', { events: ['fault'], url: 'https://faults.test/' });
    const heard = async (codes: string[], values: Record<string, string>) => {
      api.acs.posted.length = 0;
      await api.acs.clock.advance(1000);
      await inform(codes, values);
      await send();
      return api.acs.posted.map(({ url }) => new URL(url).hostname.replace('.test', '')).sort();
    };
    assert.deepEqual(await heard(['1 BOOT'], { [count]: '1', [state]: 'Up' }), [
      'all',
      'below',
      'boots',
      'one',
      'wild',
    ]);
    assert.deepEqual(await heard(['2 PERIODIC'], { [count]: '1', [state]: 'Up' }), ['all']);
    assert.deepEqual(await heard(['4 VALUE CHANGE'], { [count]: '2' }), ['all', 'both', 'one', 'valued', 'wild']);
    assert.deepEqual(await heard(['4 VALUE CHANGE'], { [state]: 'Down' }), ['all', 'below', 'both', 'valued']);
    const { data } = JSON.parse(last().body) as { data: Record<string, unknown> };
    const { softwareVersion } = data;
    assert.deepEqual(data, {
      device: id,
      events: ['4 VALUE CHANGE'],
      address: '127.0.0.1',
      softwareVersion,
      changed: [state],
    });
  });
});
