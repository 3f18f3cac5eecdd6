// The relay: calls between processes. Without the key no message can be read, changed, repeated, reordered or forged.
import assert from 'node:assert/strict';
import { connect, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { createEvents } from '../../../acs/events.ts';
import type { Members } from '../../../acs/fleet/common/members.ts';
import { createSealing, type Sealing } from '../../../acs/relay/encryption.ts';
import { EventBridge } from '../../../acs/relay/event-bridge.ts';
import { decodeMessage, encodeMessage, type Message } from '../../../acs/relay/message.ts';
import { openRelay, type Relay } from '../../../acs/relay/relay.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { UserError } from '../../../shared/errors.ts';
import { silentLog } from '../../../shared/log.ts';
import { eventually } from '../../support/eventually.ts';

const key = Buffer.alloc(32, 5);
const bytes = (max = 200) => fc.uint8Array({ maxLength: max }).map(array => Buffer.from(array));
const nonce = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(array => Buffer.from(array));

describe('sealed messages', () => {
  const pair = (a: Buffer, b: Buffer, other = key): [Sealing, Sealing] => [
    createSealing(key, a, b, 'caller'),
    createSealing(other, a, b, 'called'),
  ];

  it('open as they were sealed, in both directions, in order', () => {
    fc.assert(
      fc.property(nonce, nonce, fc.array(fc.tuple(fc.boolean(), bytes())), (a, b, messages) => {
        const [caller, called] = pair(a, b);
        for (const [there, plain] of messages) {
          const opened = there ? called.open(caller.seal(plain)) : caller.open(called.seal(plain));
          assert.deepEqual(opened, plain);
        }
      }),
    );
  });

  it('are refused when a bit is changed, or when they are cut or lengthened', () => {
    fc.assert(
      fc.property(nonce, nonce, bytes(), fc.nat(), fc.nat(7), (a, b, plain, at, bit) => {
        const [caller, called] = pair(a, b);
        const sealed = caller.seal(plain);
        const changed = Buffer.from(sealed);
        changed[at % sealed.length]! ^= 1 << bit;
        assert.throws(() => called.open(changed));
        assert.throws(() => called.open(sealed.subarray(0, at % sealed.length)));
        assert.throws(() => called.open(Buffer.concat([sealed, Buffer.from([bit])])));
        assert.deepEqual(called.open(sealed), plain, 'a refused message does not count');
      }),
    );
  });

  it('are refused when repeated, reordered, turned back, or from another connection', () => {
    fc.assert(
      fc.property(nonce, nonce, nonce, bytes(), bytes(), (a, b, c, first, second) => {
        const [caller, called] = pair(a, b);
        const [one, two] = [caller.seal(first), caller.seal(second)];
        assert.throws(() => called.open(two), 'the first was left out');
        assert.deepEqual(called.open(one), first);
        assert.throws(() => called.open(one), 'repeated');
        assert.throws(() => caller.open(one), 'turned back');
        fc.pre(!b.equals(c));
        assert.throws(() => pair(a, c)[1].open(one), 'another connection');
        assert.deepEqual(called.open(two), second);
      }),
    );
  });

  it('are refused when sealed with another key', () => {
    fc.assert(
      fc.property(nonce, nonce, nonce, bytes(), (a, b, other, plain) => {
        fc.pre(!other.equals(key));
        const [caller, called] = pair(a, b, other);
        assert.throws(() => called.open(caller.seal(plain)));
      }),
    );
  });
});

describe('relay messages', () => {
  it('keep their data and a body of bytes through encoding', () => {
    const data = fc.record({ text: fc.string(), list: fc.array(fc.integer()) }, { noNullPrototype: true });
    fc.assert(
      fc.property(fc.nat(), fc.string(), data, fc.option(bytes(500), { nil: undefined }), (id, what, plain, body) => {
        const whole = body ? { ...plain, body } : plain;
        const messages: Message[] = [
          { type: 'call', id, what, data: whole },
          { type: 'tell', what, data: whole },
          { type: 'answer', id, data: whole },
          { type: 'answer', id, data: undefined },
        ];
        for (const message of messages) assert.deepEqual(decodeMessage(encodeMessage(message)), message);
      }),
    );
  });
});

describe('relay', () => {
  const clock = systemClock();
  const random = systemRandom();
  let relays: Map<string, Relay>;
  let servers: Server[];
  beforeEach(() => {
    relays = new Map();
    servers = [];
  });
  afterEach(async () => {
    for (const relay of relays.values()) await relay.close();
    for (const server of servers) server.close();
  });

  const open = async (
    self: string,
    given: { key?: Buffer; addressOf?: (id: string) => string } = {},
  ): Promise<Relay> => {
    const addressOf = (id: string): string | undefined => relays.get(id)?.address;
    const relay = await openRelay({ self, key: given.key ?? key, clock, random, log: silentLog });
    relay.reach(given.addressOf ?? addressOf);
    relays.set(self, relay);
    relay.serve('notice', async ({ device }, from) => device === from);
    return relay;
  };

  it('carries calls, bodies and errors in both directions', async () => {
    const one = await open('one');
    const two = await open('two');
    two.serve('post', async ({ body, address }) => ({
      status: 200,
      headers: { from: address },
      body: Buffer.concat([body, body]),
    }));
    two.serve('giveUp', async ({ device }) => {
      throw new UserError(409, 'no', `not ${device}`);
    });
    assert.equal(await one.call('two', 'notice', { device: 'one' }), true);
    assert.equal(await two.call('one', 'notice', { device: 'one' }), false);
    const large = random.bytes(3_000_000);
    const answer = await one.call('two', 'post', { headers: {}, body: large, address: '::1' });
    assert.ok(answer?.body.equals(Buffer.concat([large, large])));
    await assert.rejects(one.call('two', 'giveUp', { device: 'D', claim: 1 }), {
      status: 409,
      code: 'no',
      message: 'not D',
    });
    await assert.rejects(one.call('two', 'interest', { all: true, devices: [] }), /has no call/);
    await assert.rejects(one.call('three', 'notice', { device: '' }), /gone/);
  });

  it('fails calls when the other process ends, and works again once it is back', async () => {
    const one = await open('one');
    const two = await open('two');
    two.serve('giveUp', () => new Promise(() => undefined));
    const waiting = one.call('two', 'giveUp', { device: 'D', claim: 1 });
    await one.call('two', 'notice', { device: '' });
    await two.close();
    await assert.rejects(waiting, /two/);
    await assert.rejects(one.call('two', 'notice', { device: '' }));
    await open('two');
    assert.equal(await one.call('two', 'notice', { device: 'one' }), true);
  });

  it('fails a call that is not answered in time', async () => {
    const one = await open('one');
    const two = await open('two');
    two.serve('giveUp', () => new Promise(() => undefined));
    await assert.rejects(one.call('two', 'giveUp', { device: 'D', claim: 1 }, 30), /no answer/);
  });

  it('answers no process with another key, and no call for another member', async () => {
    const two = await open('two');
    const stranger = await open('one', { key: Buffer.alloc(32, 6) });
    await assert.rejects(stranger.call('two', 'notice', { device: '' }));
    const lost = await open('lost', { addressOf: () => two.address });
    await assert.rejects(lost.call('three', 'notice', { device: '' }));
    assert.equal(await lost.call('two', 'notice', { device: 'lost' }), true);
  });

  it('does nothing for a replayed connection or for noise', async () => {
    const two = await open('two');
    let done = 0;
    two.serve('giveUp', async () => {
      done++;
      return undefined;
    });
    const recorded: Buffer[] = [];
    const port = Number(two.address.split(':')[1]);
    const between = createServer(socket => {
      const onwards = connect(port, '127.0.0.1');
      socket.on('data', chunk => recorded.push(chunk));
      socket.pipe(onwards).pipe(socket);
      for (const each of [socket, onwards]) each.on('error', () => undefined);
    });
    servers.push(between);
    await new Promise<void>(resolve => between.listen(0, '127.0.0.1', resolve));
    const one = await open('one', { addressOf: () => `127.0.0.1:${(between.address() as { port: number }).port}` });
    await one.call('two', 'giveUp', { device: 'D', claim: 1 });
    assert.equal(done, 1);

    const play = (what: Buffer): Promise<void> =>
      new Promise(resolve => {
        const socket: Socket = connect(port, '127.0.0.1', () => socket.write(what));
        socket.on('close', () => resolve()).on('error', () => undefined);
        socket.resume();
      });
    await play(Buffer.concat(recorded));
    assert.equal(done, 1);
    await play(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789012345678901234567890123456789\r\n\r\n'));
    await play(
      Buffer.concat([Buffer.from('TANDEM1\n'), random.bytes(32), Buffer.from([255, 255, 255, 255]), random.bytes(99)]),
    );
    assert.equal(done, 1);
    assert.equal(await one.call('two', 'giveUp', { device: 'D', claim: 1 }), undefined, 'it goes on');
  });

  it('sends members the events of the devices that they follow, and no others', async () => {
    const heard: string[] = [];
    const buses = await Promise.all(
      ['one', 'two'].map(async self => {
        const relay = await open(self);
        const members = {
          others: () => [...relays.keys()].filter(id => id !== self).map(id => ({ id, address: '', beat: 1 })),
          onChange: () => undefined,
        } as unknown as Members;
        const events = createEvents();
        new EventBridge(events, relay, members);
        return events;
      }),
    );
    const [here, there] = buses as [(typeof buses)[0], (typeof buses)[0]];
    const tell = (device: string): void => there.emit('enrolled', { device, state: 'enrolled' });
    const end = here.follow('D1', (name, event) => heard.push(`${name} ${JSON.stringify(event)}`));
    await eventually('the interest is known', () => {
      tell('D2');
      tell('D1');
      return heard.length > 0;
    });
    assert.ok(
      heard.every(line => line === 'enrolled {"device":"D1","state":"enrolled"}'),
      heard.join(),
    );
    let counted = 0;
    here.on('enrolled', () => counted++);
    const seen = heard.length;
    tell('D1');
    await eventually('it is heard', () => heard.length > seen);
    assert.equal(counted, 0, 'what happens elsewhere is not counted here');
    end();
    const everything: string[] = [];
    here.follow(undefined, name => everything.push(name));
    await eventually('all is heard', () => {
      tell('D3');
      return everything.length > 0;
    });
  });
});
