// The PBX end to end over real sockets: units register, call through it over their own connections, hang up, get lost.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import fc from 'fast-check';
import { allowAll } from '../../pbx/embedding.ts';
import { VirtualClock } from '../../shared/clock.ts';
import { buildRequest } from '../../shared/sip/dialog.ts';
import type { Protocol } from '../../shared/sip/flow-types.ts';
import { formatMessage, type SipResponse, SipSyntaxError } from '../../shared/sip/message.ts';
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';
import { parseNameAddr } from '../../shared/sip/uri.ts';
import { domain, pbxLab, savp } from '../support/cpe/pbx-lab.ts';

describe('PBX', () => {
  const { start, phone, registered, dialogOf, statusOf } = pbxLab();

  const pairs: [Protocol, Protocol][] = [
    ['tls', 'tls'],
    ['udp', 'udp'],
    ['tcp', 'udp'],
    ['udp', 'tls'],
    ['tls', 'tcp'],
  ];
  for (const [one, other] of pairs) {
    it(`carries a whole call from ${one} to ${other} over the units' connections`, async () => {
      const pbx = await start();
      const caller = await registered(pbx, '101', one);
      const callee = await registered(pbx, '100', other);
      const connections = pbx.connections().length;
      const dialog = dialogOf(await caller.call('100', savp));
      const invite = await callee.hears('INVITE');
      assert.equal(invite.uri, callee.contact);
      assert.equal(invite.body.toString(), savp);
      assert.equal(invite.headers.get('Max-Forwards'), '69');
      assert.equal(invite.headers.has('Proxy-Authorization'), false);
      assert.equal(invite.headers.list('Via').length, 2);
      const routes = invite.headers.list('Record-Route').map(route => parseNameAddr(route).uri);
      assert.deepEqual(
        routes.map(route => /transport=(\w+);lr$/.exec(route)?.[1]),
        one === other ? [one] : [other, one],
      );
      await callee.hears('ACK');
      assert.deepEqual(
        pbx.calls().map(({ from, to: called, state, media }) => [from, called, state, media]),
        [['101', '100', 'up', 'RTP/SAVP']],
      );

      const [theirs] = callee.dialogs.values();
      assert.ok(theirs);
      const hold = buildRequest(theirs, 'INFO');
      assert.equal((await callee.ask(hold)).status, 200);
      await caller.hears('INFO');
      const bye = await (one === 'tls' ? caller.hangUp(dialog) : callee.hangUp(theirs));
      assert.equal(bye.status, 200);
      assert.deepEqual(pbx.calls(), []);
      assert.equal(pbx.connections().length, connections);
    });
  }

  it('continues a call over the new connection of a unit', async () => {
    const pbx = await start();
    const caller = await registered(pbx, '101');
    const callee = await registered(pbx, '100');
    const dialog = dialogOf(await caller.call('100'));
    await callee.hears('ACK');
    callee.flow.close();
    const back = await registered(pbx, '100');
    for (const [name, theirs] of callee.dialogs) back.dialogs.set(name, theirs);
    assert.equal((await caller.hangUp(dialog)).status, 200);
    await back.hears('BYE');
  });

  it('authenticates a caller, and accepts only its own name', async () => {
    const pbx = await start();
    await registered(pbx, '100');
    const stranger = await phone(pbx, '101', 'udp', { password: 'guess' });
    assert.equal(statusOf(await stranger.call('100')), 407);
    const unit = await phone(pbx, '101');
    const lie = unit.build('INVITE', `sip:100@${domain}`, `<sip:100@${domain}>`);
    lie.headers.set('From', `<sip:102@${domain}>;tag=1`);
    assert.equal((await unit.ask(lie)).status, 403);
    assert.deepEqual(pbx.calls(), []);
  });

  it('answers 480 unregistered, 404 no account, 403 other domain, 416 other scheme', async () => {
    const pbx = await start();
    const caller = await registered(pbx, '101');
    assert.equal(statusOf(await caller.call('102')), 480);
    assert.equal(statusOf(await caller.call('555')), 404);
    const status = async (uri: string): Promise<number> =>
      (await caller.ask(caller.build('INVITE', uri, '<sip:x@y>'))).status;
    assert.equal(await status('sip:100@elsewhere.test'), 403);
    assert.equal(await status('tel:+1555'), 416);
    assert.equal(await status(`sip:${domain}`), 404);
  });

  it('answers keep-alives and Max-Forwards by itself (16.3)', async () => {
    const pbx = await start();
    const unit = await phone(pbx, '100');
    await registered(pbx, '101');
    const ask = async (
      method: string,
      uri: string,
      hops: string,
      more: [string, string][] = [],
    ): Promise<SipResponse> => {
      const request = unit.build(method, uri, `<${uri}>`, more);
      request.headers.set('Max-Forwards', hops);
      return unit.ask(request);
    };
    const keepAlive = await ask('OPTIONS', `sip:${domain}`, '70');
    assert.deepEqual([keepAlive.status, keepAlive.headers.has('Allow')], [200, true]);
    assert.equal((await ask('PING', `sip:127.0.0.1:${pbx.ports.tls}`, '70')).status, 200);
    assert.equal((await ask('INVITE', `sip:101@${domain}`, '0')).status, 483);
    assert.equal((await ask('OPTIONS', `sip:101@${domain}`, '0')).status, 200);
    assert.equal((await ask('OPTIONS', `sip:101@${domain}`, '1')).status, 200);
    const required = await ask('INVITE', `sip:101@${domain}`, '70', [['Proxy-Require', 'sec-agree']]);
    assert.deepEqual([required.status, required.headers.get('Unsupported')], [420, 'sec-agree']);
    assert.equal(await unit.flow.ping(), true);
  });

  it('forwards refusals unchanged, warnings included', async () => {
    const pbx = await start();
    const caller = await registered(pbx, '101');
    await registered(pbx, '100', 'tls', {
      onInvite: transaction =>
        void transaction.respond(415, undefined, { headers: [['Warning', '306 unit "wrong key management"']] }),
    });
    const refusal = await caller.call('100', savp);
    assert.ok('status' in refusal);
    assert.equal(refusal.status, 415);
    assert.match(refusal.headers.get('Warning') ?? '', /306/);
    assert.deepEqual(pbx.calls(), []);
  });

  it("turns a unit's 503 into 500 (16.7)", async () => {
    const pbx = await start();
    const caller = await registered(pbx, '101');
    await registered(pbx, '100', 'tls', { onInvite: transaction => void transaction.respond(503) });
    assert.equal(statusOf(await caller.call('100')), 500);
  });

  /** Moves time on until the promise is there. */
  const passing = async <T>(virtual: VirtualClock, promise: Promise<T>): Promise<T> => {
    let done = false;
    const watched = promise.finally(() => {
      done = true;
    });
    while (!done) await virtual.advance(500);
    return watched;
  };

  it('answers 408 for a silent unit, and removes expired bindings', async () => {
    const virtual = new VirtualClock();
    const pbx = await start({ clock: virtual });
    const caller = await registered(pbx, '101');
    const callee = await registered(pbx, '100', 'udp');
    await callee.stop();
    assert.equal(statusOf(await passing(virtual, caller.call('100'))), 408);
    assert.equal(pbx.registrations().length, 2);
    await virtual.advance(3_600_000);
    assert.deepEqual(pbx.registrations(), []);
    assert.equal((await caller.register()).status, 200, 'the connection outlives the binding');
    await virtual.advance(12_000_000);
    assert.deepEqual(pbx.connections(), []);
  });

  it('cancels a call that rings too long (timer C, 16.8)', async () => {
    const virtual = new VirtualClock();
    const pbx = await start({ clock: virtual });
    const caller = await registered(pbx, '101');
    await registered(pbx, '100', 'tls', {
      onInvite: transaction => {
        transaction.respond(180);
        transaction.onCancel(() => void transaction.respond(487));
      },
    });
    assert.equal(statusOf(await passing(virtual, caller.call('100'))), 487);
  });

  it('forwards CANCEL to the callee and answers the caller 487 (16.10)', async () => {
    const pbx = await start();
    const caller = await registered(pbx, '101');
    const cancelled = new Promise<void>(resolve => {
      void registered(pbx, '100', 'udp', {
        onInvite: transaction => {
          transaction.respond(180);
          transaction.onCancel(() => {
            transaction.respond(487);
            resolve();
          });
        },
      }).then(() => ring());
    });
    let status = 0;
    const ring = async (): Promise<void> => {
      const invite = caller.build('INVITE', `sip:100@${domain}`, `<sip:100@${domain}>`);
      const response = await caller.ask(invite, one => {
        if (one.status === 180) {
          assert.equal(pbx.calls()[0]?.state, 'ringing');
          caller.current()?.cancel();
        }
      });
      status = response.status;
      finish();
    };
    let finish: () => void = () => undefined;
    const finished = new Promise<void>(resolve => {
      finish = resolve;
    });
    await Promise.all([cancelled, finished]);
    assert.equal(status, 487);
    assert.deepEqual(pbx.calls(), []);
  });

  it('rings every connection of a user and cancels the others after an answer (16.7)', async () => {
    const pbx = await start();
    const caller = await registered(pbx, '101');
    const ringing: ServerTransaction[] = [];
    let lost: () => void = () => undefined;
    const cancelled = new Promise<void>(resolve => {
      lost = resolve;
    });
    await registered(pbx, '100', 'tls', {
      onInvite: transaction => {
        ringing.push(transaction);
        transaction.respond(180);
        transaction.onCancel(() => {
          transaction.respond(487);
          lost();
        });
      },
    });
    const winner = await registered(pbx, '100', 'tcp', {
      onInvite: (transaction, self) => void self.accept(transaction),
    });
    assert.equal(pbx.registrations().length, 3);
    const dialog = dialogOf(await caller.call('100'));
    assert.equal(dialog.remoteTarget, winner.contact);
    await cancelled;
    assert.equal(ringing.length, 1);
    assert.equal((await caller.hangUp(dialog)).status, 200);
  });

  it('lets a unit call itself over its own connection', async () => {
    const pbx = await start();
    const unit = await registered(pbx, '100');
    const dialog = dialogOf(await unit.call('100'));
    await unit.hears('ACK');
    const theirs = [...unit.dialogs.values()].find(one => one !== dialog);
    assert.ok(theirs);
    assert.equal((await unit.hangUp(theirs)).status, 200);
    assert.equal(unit.heard.filter(one => one.method === 'BYE').length, 1);
  });

  it('refuses in-dialog requests of a stranger', async () => {
    const pbx = await start();
    const caller = await registered(pbx, '101');
    const callee = await registered(pbx, '100');
    const dialog = dialogOf(await caller.call('100'));
    await callee.hears('ACK');
    const stranger = await phone(pbx, '102', 'udp', { password: 'guess' });
    const bye = buildRequest({ ...dialog }, 'BYE');
    assert.equal((await stranger.ask(bye)).status, 407);
    assert.equal(pbx.calls().length, 1);
    const nowhere = buildRequest({ ...dialog, callId: 'other' }, 'BYE');
    assert.equal((await caller.ask(nowhere)).status, 481);
    await callee.hears('BYE');
    const gone = buildRequest({ ...dialog, callId: 'other', remoteTarget: 'sip:9@127.0.0.1:9' }, 'BYE');
    assert.equal((await caller.ask(gone)).status, 481);
  });

  it('applies its policy to registrations and calls', async () => {
    const asked: string[] = [];
    const pbx = await start({
      policy: {
        ...allowAll,
        name: 'test',
        registration: ({ user, flow }) => {
          asked.push(`${user} ${flow.protocol}`);
          return flow.protocol === 'tls' ? { allow: true } : { allow: false, status: 403, reason: 'Not Secure' };
        },
        call: ({ from, to: called, media, callees }) => {
          asked.push(`${from} ${called} ${media} ${callees.length}`);
          return { allow: false, status: 488, reason: 'Not Allowed' };
        },
      },
    });
    assert.equal(pbx.policy, 'test');
    assert.equal((await (await phone(pbx, '100', 'tcp')).register()).status, 403);
    const unit = await registered(pbx, '101');
    assert.equal(statusOf(await unit.call('101', savp)), 488);
    assert.deepEqual(asked, ['100 tcp', '101 tls', '101 101 RTP/SAVP 1']);
  });

  it('answers malformed requests and continues', async () => {
    const pbx = await start();
    const unit = await registered(pbx, '100');
    const bad = unit.build('INVITE', `sip:101@${domain}`, `<sip:101@${domain}>`);
    bad.headers.set('Route', '<nothing>');
    const answer = await unit.ask(bad);
    assert.equal(answer.status, 400);
    assert.match(answer.reason, /no URI/);
    assert.throws(() => unit.build('INVITE', 'sip:a', 'x\r\ny'), SipSyntaxError);
    assert.equal((await unit.register()).status, 200);
  });

  it('survives any input', async () => {
    const pbx = await start();
    const unit = await registered(pbx, '100', 'udp');
    const sample = formatMessage(
      unit.build('INVITE', `sip:100@${domain}`, `<sip:100@${domain}>`, [
        ['Via', 'SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx'],
        ['Route', '<sip:127.0.0.1;lr>'],
      ]),
    );
    const socket = createSocket('udp4');
    const change = fc.array(fc.tuple(fc.nat(sample.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
    for (const changes of fc.sample(change, { numRuns: 200, seed: 7 })) {
      const bytes = Buffer.from(sample);
      for (const [at, byte] of changes) bytes[at] = byte;
      await new Promise(resolve => socket.send(bytes, pbx.ports.udp ?? 0, '127.0.0.1', resolve));
    }
    socket.close();
    assert.equal((await unit.register()).status, 200);
  });

  it('accepts each of its addresses when it listens at all of them', async () => {
    const pbx = await start({ host: '0.0.0.0', addresses: ['127.0.0.1'] });
    for (const protocol of ['udp', 'tls'] as const) {
      const unit = await phone(pbx, '100', protocol, { domain: `127.0.0.1:${pbx.ports[protocol]}` });
      assert.equal((await unit.register()).status, 200);
      const dialog = dialogOf(await unit.call('100'));
      assert.match(dialog.routeSet[0] ?? '', /^<sip:127.0.0.1:\d+;/);
    }
  });

  it('frees its ports when it stops, and reports a taken port', async () => {
    const pbx = await start();
    const { tls: tlsPort = 0, udp: port = 0 } = pbx.ports;
    await assert.rejects(start({ tlsPort }), /EADDRINUSE/);
    await pbx.stop();
    const again = await start({ tlsPort, port });
    assert.deepEqual(again.ports, { tls: tlsPort, tcp: port, udp: port });
  });

  it('B6: goes on after a Via with port 0', async () => {
    const pbx = await start();
    const socket = createSocket('udp4');
    const options = (port: number): string =>
      `OPTIONS sip:${domain} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${port}\r\nFrom: <sip:a@b>;tag=1\r\n` +
      `To: <sip:${domain}>\r\nCall-ID: ${port}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n`;
    const answer = new Promise<Buffer>(resolve => socket.once('message', resolve));
    socket.bind(0, '127.0.0.1', () => {
      for (const port of [0, socket.address().port]) socket.send(options(port), pbx.ports.udp ?? 0, '127.0.0.1');
    });
    assert.match((await answer).toString(), /^SIP\/2\.0 200 /);
    socket.close();
  });

  it('E7: takes a call whose authenticated caller withholds its name', async () => {
    const pbx = await start();
    await registered(pbx, '100');
    const unit = await phone(pbx, '101');
    const invite = unit.build('INVITE', `sip:100@${domain}`, `<sip:100@${domain}>`);
    invite.headers.set('From', '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1');
    assert.equal((await unit.ask(invite)).status, 200);
    assert.equal(pbx.calls()[0]?.from, '101');
  });
});
