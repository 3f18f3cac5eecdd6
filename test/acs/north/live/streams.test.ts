// Streams of events: continued after a lost connection, of some devices, summed up.
import assert from 'node:assert/strict';
import { Agent, type Dispatcher, EventSource } from 'undici';
import { LINGER_MS } from '../../../../acs/north/live/streams.ts';
import { type TestApi, TOKEN, testApi } from '../../../support/acs/api.ts';
import { type EventReader, readEvents } from '../../../support/acs/live/event-reader.ts';
import { eventually } from '../../../support/eventually.ts';

const NORTH = '0090F8-4102S-N1';
const SOUTH = '0090F8-4102S-S1';

describe('streams of events', () => {
  let api: TestApi;
  let url: string;
  const open: EventReader[] = [];
  beforeEach(async () => {
    api = await testApi();
    url = `${await api.rest.listen({ host: '127.0.0.1', port: 0 })}/api/v1/events`;
    await api.call('POST', '/devices', { body: { id: NORTH, site: { region: 'north' } } });
    await api.call('POST', '/devices', { body: { id: SOUTH, site: { region: 'south' } } });
  });
  afterEach(async () => {
    for (const reader of open.splice(0)) reader.end();
    await api.close();
  });

  const stream = async (query = '', last?: string, token = TOKEN): Promise<EventReader> => {
    const reader = await readEvents(url + query, token, last);
    open.push(reader);
    await eventually('the connection', async () => reader.heard().includes(': connected'));
    return reader;
  };
  const emit = (device: string, reason: string): void =>
    api.acs.events.emit('connectionRequest', { device, accepted: false, reason });
  const reasons = (reader: EventReader): unknown[] => reader.events().map(({ data }) => data.reason ?? data.missed);
  const heard = async (reader: EventReader, count: number): Promise<unknown[]> => {
    await eventually(`${count} events`, async () => reader.events().length >= count);
    return reasons(reader);
  };
  const closed = async (reader: EventReader): Promise<void> => {
    reader.end();
    await eventually('the end', async () => !reader.isOpen());
    // The server learns of it by its own socket.
    await new Promise(resolve => setTimeout(resolve, 50));
  };

  it('continue after the last event that was received, with what came meanwhile', async () => {
    const first = await stream();
    for (const reason of ['a', 'b', 'c']) emit(NORTH, reason);
    await heard(first, 3);
    const last = first.events()[1]?.id;
    await closed(first);
    emit(SOUTH, 'd');
    const again = await stream('', last);
    emit(SOUTH, 'e');
    assert.deepEqual(await heard(again, 3), ['c', 'd', 'e']);
    assert.equal(new Set([...first.events(), ...again.events()].map(({ id }) => id)).size, 5);
  });

  it('take filters that name presets', async () => {
    await api.call('PUT', '/presets/north', { body: { when: 'site.region = "north"', weight: 1 } });
    const reader = await stream(`?filter=${encodeURIComponent('preset = "north"')}`);
    emit(SOUTH, 'a');
    emit(NORTH, 'b');
    assert.deepEqual(await heard(reader, 1), ['b']);
  });

  it('tell of a gap where events are lost, or the stream is not known', async () => {
    const first = await stream();
    emit(NORTH, 'a');
    await heard(first, 1);
    const last = first.events()[0]?.id;
    await closed(first);
    for (let count = 0; count < 1500; count++) emit(NORTH, String(count));
    const again = await stream('', last);
    assert.deepEqual((await heard(again, 1001)).slice(0, 2), [500, '500']);
    assert.equal(again.events()[0]?.type, 'gap');
    const elsewhere = await stream(`?device=${NORTH}`, last);
    assert.deepEqual([await heard(elsewhere, 1), elsewhere.events()[0]?.data], [[null], { missed: null }]);
    await closed(again);
    await api.acs.clock.advance(LINGER_MS + 1);
    assert.deepEqual((await stream('', last)).events()[0]?.type, 'gap');
    for (const strange of ['x', '.', `${last}.1`, '0.-1', `${last?.split('.')[0]}.1e99`])
      assert.equal((await stream('', strange)).status, 200);
  });

  it('are no way to what another caller has received', async () => {
    const made = await api.call('POST', '/tokens', { body: { name: 'n', role: 'viewer', filter: 'serial = "N1"' } });
    const all = await stream();
    emit(SOUTH, 'secret');
    await heard(all, 1);
    const [id = ''] = all.events()[0]?.id?.split('.') ?? [];
    await closed(all);
    const limited = await stream('', `${id}.0`, String(made.json.token));
    emit(NORTH, 'own');
    await eventually('its own', async () => limited.heard().includes('own'));
    assert.doesNotMatch(limited.heard(), /secret|S1/);
  });

  it('are of the devices that are named, or that a filter fits', async () => {
    const named = await stream(`?devices=${NORTH},0090F8-4102S-X`);
    const fitting = await stream(`?filter=${encodeURIComponent('site.region = "south"')}&types=connectionRequest`);
    emit(NORTH, 'north');
    emit(SOUTH, 'south');
    api.acs.events.emit('change', { what: 'preset', name: 'p', by: 'me' });
    assert.deepEqual(await heard(named, 1), ['north']);
    assert.deepEqual(await heard(fitting, 1), ['south']);
    await api.call('PATCH', `/devices/${SOUTH}`, { body: { site: { region: 'west' } } });
    await api.acs.clock.advance(1001);
    emit(SOUTH, 'moved');
    emit(NORTH, 'later');
    assert.deepEqual(await heard(named, 2), ['north', 'later']);
    assert.deepEqual(reasons(fitting), ['south']);
  });

  it('are summed up by device where a rate is given', async () => {
    const reader = await stream('?rate=0.5');
    for (let count = 0; count < 100; count++) emit(count % 2 ? NORTH : SOUTH, String(count));
    await api.acs.clock.advance(1999);
    assert.equal(reader.events().length, 0);
    await api.acs.clock.advance(1);
    await heard(reader, 2);
    assert.deepEqual(
      reader.events().map(({ data }) => [data.device, data.reason, data.summed]),
      [
        [SOUTH, '98', 50],
        [NORTH, '99', 50],
      ],
    );
    for (let count = 0; count < 1100; count++) emit(`0090F8-${count}`, 'many');
    await api.acs.clock.advance(2000);
    await heard(reader, 1003);
    assert.deepEqual(reader.events().at(-1), {
      ...reader.events().at(-1),
      type: 'more',
      data: { connectionRequest: 100 },
    });
  });

  it('reach the EventSource of undici each once over a lost connection', async () => {
    const agent = new Agent();
    const withToken: Dispatcher.DispatcherComposeInterceptor = dispatch => (options, handler) =>
      dispatch({ ...options, headers: { ...(options.headers as object), authorization: `Bearer ${TOKEN}` } }, handler);
    const source = new EventSource(url, { node: { dispatcher: agent.compose(withToken) } });
    const heardReasons: unknown[] = [];
    source.addEventListener('connectionRequest', event =>
      heardReasons.push(JSON.parse((event as MessageEvent).data).reason),
    );
    try {
      await eventually('a connection', async () => source.readyState === EventSource.OPEN);
      emit(NORTH, 'a');
      await eventually('an event', async () => heardReasons.length === 1);
      api.rest.server.closeAllConnections();
      await eventually('the loss', async () => source.readyState !== EventSource.OPEN);
      emit(NORTH, 'b');
      await eventually('the second event', async () => heardReasons.length === 2);
      emit(NORTH, 'c');
      await eventually('the third event', async () => heardReasons.length === 3);
      assert.deepEqual(heardReasons, ['a', 'b', 'c']);
    } finally {
      source.close();
      await agent.destroy();
    }
  });

  it('refuse a query that they cannot serve', async () => {
    const many = Array.from({ length: 201 }, (_, n) => `0090F8-${n}`).join(',');
    for (const query of [`devices=${many}`, 'rate=0', 'rate=1000', 'rate=often', 'filter=x%20=', 'rate=1&rate=2'])
      await api.refused(400, query.startsWith('filter') ? 'bad-filter' : 'bad-input', 'GET', `/events?${query}`);
  });
});
