// Media encryption in the proxy: offers, answers and everything after them, of phones over real sockets.
import assert from 'node:assert/strict';
import type { Pbx } from '../../../pbx/app.ts';
import { type Change, defaultSettings, type EncryptionType, type PolicyNumber } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { descriptionOf } from '../../../pbx/media/description.ts';
import { buildAck, buildRequest, type Dialog, dialogOfCaller } from '../../../shared/sip/dialog.ts';
import type { Protocol } from '../../../shared/sip/flow-types.ts';
import { createRequest, type MessageParts, type SipResponse } from '../../../shared/sip/message.ts';
import { clock, domain, pbxLab } from '../../support/cpe/pbx-lab.ts';
import type { Softphone, SoftphoneOptions } from '../../support/cpe/softphone.ts';
import { eventually } from '../../support/eventually.ts';
import { crypto, describeMedia, plainAudio, secureAudio, t38 } from '../../support/voice/descriptions.ts';

const avp = describeMedia(plainAudio);
const savp = describeMedia(secureAudio);

const settings = (policy: PolicyNumber, ...on: EncryptionType[]): Change => {
  const mediaEncryption = { ...defaultSettings.mediaEncryption, ...Object.fromEntries(on.map(type => [type, true])) };
  return { table: 'settings', key: 'system', row: { policy, mediaEncryption } };
};

const parts = (body: string): MessageParts => ({ body, contentType: 'application/sdp' });

describe('media encryption of extensions', () => {
  const { start, registered, dialogOf, statusOf } = pbxLab();
  const encrypted = (...more: Change[]): Promise<Pbx> =>
    start({ exchange: Exchange.inMemory([settings(0, 'extension'), ...more]) });
  /** A caller, and a callee that answers with this description. */
  const pair = async (
    pbx: Pbx,
    answer: string | undefined,
    extra: Partial<SoftphoneOptions> = {},
    protocol: Protocol = 'tls',
  ): Promise<{ caller: Softphone; callee: Softphone }> => ({
    caller: await registered(pbx, '101', 'tls', extra),
    callee: await registered(pbx, '100', protocol, {
      onInvite: (transaction, one) => void one.accept(transaction, answer),
      ...extra,
    }),
  });
  const warningOf = (response: Dialog | SipResponse): string =>
    'status' in response ? (response.headers.get('Warning') ?? '') : '';
  const over = (pbx: Pbx): Promise<boolean> => eventually('no call', () => pbx.calls().length === 0);
  const inside = async (one: Softphone, dialog: Dialog, method: string, body?: string): Promise<SipResponse> => {
    const headers: [string, string][] = [['Contact', `<${one.contact}>`]];
    const parts = body === undefined ? {} : { body, contentType: 'application/sdp' };
    const response = await one.ask(buildRequest(dialog, method, { headers, ...parts }));
    const sent = one.current()?.request;
    if (method === 'INVITE' && response.status === 200 && sent) one.layer.send(one.flow, buildAck(dialog, sent));
    return response;
  };

  it('refuses an offer in RTP/AVP with 488 and a warning, before the callee rings', async () => {
    const pbx = await encrypted();
    const { caller, callee } = await pair(pbx, savp);
    const refused = await caller.call('100', avp);
    assert.equal(statusOf(refused), 488);
    assert.match(warningOf(refused), /^302 \S+ "Media encryption required: audio in RTP\/AVP is not encrypted"$/);
    assert.equal(callee.heard.length, 0);
    assert.deepEqual(pbx.calls(), []);
    const [kept] = pbx.refusals.all();
    assert.deepEqual([kept?.what, kept?.dir, kept?.row], ['call', '100', 'media encryption of extension']);
    assert.match(kept?.reason ?? '', /^101 to 100: audio in RTP\/AVP/);
  });

  it('carries a call in RTP/SAVP, and shows what decided and what was agreed', async () => {
    const pbx = await encrypted();
    const { caller } = await pair(pbx, savp);
    const dialog = dialogOf(await caller.call('100', savp));
    const [call] = pbx.calls();
    assert.deepEqual([call?.kind, call?.media, call?.suite], ['direct', 'RTP/SAVP', 'AES_CM_128_HMAC_SHA1_80']);
    assert.deepEqual([call?.keyManagement, call?.encrypted, call?.decidedBy], ['SDES', true, 'extension']);
    assert.equal(call?.required, true);
    assert.equal((await caller.hangUp(dialog)).status, 200);
  });

  for (const protocol of ['tls', 'udp'] as const) {
    it(`ends a call whose callee answers in RTP/AVP over ${protocol}: 488, ACK and BYE`, async () => {
      const pbx = await encrypted();
      const { caller, callee } = await pair(pbx, avp, {}, protocol);
      const refused = await caller.call('100', savp);
      assert.equal(statusOf(refused), 488);
      assert.match(warningOf(refused), /RTP\/AVP/);
      assert.equal((await callee.hears('ACK')).uri, callee.contact);
      const bye = await callee.hears('BYE');
      assert.equal(bye.headers.get('CSeq')?.endsWith('BYE'), true);
      await over(pbx);
      assert.equal(pbx.refusals.all()[0]?.row, 'media encryption of extension');
    });
  }

  it('passes on an answer whose Contact and Record-Route cannot be read', async () => {
    const pbx = await encrypted();
    const broken: [string, string][] = [
      ['Contact', '<not closed'],
      ['Record-Route', '"open'],
    ];
    await registered(pbx, '100', 'tls', {
      onInvite: transaction => void transaction.respond(200, undefined, { headers: broken, ...parts(savp) }),
    });
    const caller = await registered(pbx, '101');
    const invite = caller.build('INVITE', `sip:100@${domain}`, `<sip:100@${domain}>`, [], savp);
    invite.headers.set('Contact', '<not closed');
    const answer = await caller.ask(invite);
    assert.deepEqual([answer.status, answer.headers.get('Contact')], [200, '<not closed']);
  });

  it('ends a call whose callee answers with what cannot be read', async () => {
    const pbx = await encrypted();
    const { caller, callee } = await pair(pbx, 'garbage');
    const refused = await caller.call('100', savp);
    assert.equal(statusOf(refused), 488);
    assert.match(warningOf(refused), /cannot be read/);
    await callee.hears('BYE');
    await over(pbx);
  });

  it('judges descriptions of 60 KB within a turn of 20 ms, and refuses one of too many lines', async () => {
    const pbx = await encrypted();
    const { caller, callee } = await pair(pbx, savp);
    const long = `${savp}${`a=x-${'y'.repeat(60)}\r\n`.repeat(900)}`;
    dialogOf(await caller.call('100', long));
    assert.equal((await callee.hears('INVITE')).body.length, long.length);
    const began = clock.monotonic();
    for (let round = 0; round < 20; round++) descriptionOf(createRequest('INVITE', 'sip:1@x', parts(long)));
    assert.ok((clock.monotonic() - began) / 20 < 20);
    const lines = `${savp}${'a=x\r\n'.repeat(5_000)}`;
    assert.match(warningOf(await caller.call('100', lines)), /more than 1000 lines/);
  });

  it('cancels a callee whose early answer is in RTP/AVP', async () => {
    const pbx = await encrypted();
    const cancelled = new Promise<void>(resolve => {
      void registered(pbx, '100', 'tls', {
        onInvite: transaction => {
          transaction.respond(183, undefined, { body: avp, contentType: 'application/sdp' });
          transaction.onCancel(() => {
            transaction.respond(487);
            resolve();
          });
        },
      });
    });
    const caller = await registered(pbx, '101');
    await eventually('both registered', () => pbx.registrations().length === 2);
    assert.equal(statusOf(await caller.call('100', savp)), 488);
    await cancelled;
    await over(pbx);
  });

  it('ends a call that is offered in RTP/AVP by the 200 of the callee', async () => {
    const pbx = await encrypted();
    const { caller, callee } = await pair(pbx, avp);
    assert.equal(statusOf(await caller.call('100')), 488);
    await callee.hears('ACK');
    await callee.hears('BYE');
    await over(pbx);
  });

  it('ends a call whose answer in the ACK is in RTP/AVP, and passes that answer to no one', async () => {
    const pbx = await encrypted();
    const { caller, callee } = await pair(pbx, savp);
    const invite = caller.build('INVITE', `sip:100@${domain}`, `<sip:100@${domain}>`);
    const response = await caller.ask(invite);
    assert.equal(response.status, 200);
    const sent = caller.current()?.request ?? invite;
    const dialog = dialogOfCaller(sent, response);
    caller.dialogs.set(dialog.key, dialog);
    caller.layer.send(caller.flow, buildAck(dialog, sent, { body: avp, contentType: 'application/sdp' }));
    assert.equal((await callee.hears('ACK')).body.length, 0);
    await callee.hears('BYE');
    await caller.hears('BYE');
    await over(pbx);
  });

  for (const [what, method, body] of [
    ['a re-INVITE in RTP/AVP', 'INVITE', avp],
    ['an UPDATE in RTP/AVP', 'UPDATE', avp],
    ['a change to T.38', 'INVITE', describeMedia(t38)],
    ['a second stream in RTP/AVP', 'INVITE', describeMedia(secureAudio, { ...plainAudio, type: 'video' })],
    ['a description that cannot be read', 'INVITE', 'garbage'],
  ] as const) {
    it(`refuses ${what} from either side, and the call goes on`, async () => {
      const pbx = await encrypted();
      const { caller, callee } = await pair(pbx, savp);
      const dialog = dialogOf(await caller.call('100', savp));
      await callee.hears('ACK');
      const [theirs] = callee.dialogs.values();
      assert.ok(theirs);
      for (const [one, own] of [
        [caller, dialog],
        [callee, theirs],
      ] as const) {
        const response = await inside(one, own, method, body);
        assert.equal(response.status, 488);
        assert.match(response.headers.get('Warning') ?? '', /^302 /);
      }
      assert.equal(pbx.calls()[0]?.state, 'up');
      assert.equal((await caller.hangUp(dialog)).status, 200);
    });
  }

  it('carries hold and its end', async () => {
    const pbx = await encrypted();
    const held = describeMedia({ ...secureAudio, attributes: [crypto, 'recvonly'] });
    const answer: SoftphoneOptions['onInside'] = transaction => {
      if (transaction.request.method !== 'INVITE') return false;
      transaction.respond(200, undefined, { body: held, contentType: 'application/sdp' });
      return true;
    };
    const { caller } = await pair(pbx, savp, { onInside: answer });
    const dialog = dialogOf(await caller.call('100', savp));
    const hold = describeMedia({ ...secureAudio, attributes: [crypto, 'sendonly'] });
    for (const body of [hold, savp]) assert.equal((await inside(caller, dialog, 'INVITE', body)).status, 200);
    assert.equal((await caller.hangUp(dialog)).status, 200);
  });

  it('ends a call whose re-INVITE is answered in RTP/AVP, for both sides', async () => {
    const pbx = await encrypted();
    const drop: SoftphoneOptions['onInside'] = transaction => {
      if (transaction.request.method !== 'INVITE') return false;
      const headers: [string, string][] = [['Contact', '<sip:100@127.0.0.1:9;transport=tls>']];
      transaction.respond(200, undefined, { headers, body: avp, contentType: 'application/sdp' });
      return true;
    };
    const { caller, callee } = await pair(pbx, savp, { onInside: drop });
    const dialog = dialogOf(await caller.call('100', savp));
    assert.equal((await inside(caller, dialog, 'INVITE', savp)).status, 488);
    await callee.hears('BYE');
    await caller.hears('BYE');
    await over(pbx);
  });

  it('refuses an INVITE in RTP/AVP that claims to be inside a call', async () => {
    const pbx = await encrypted();
    const { caller, callee } = await pair(pbx, savp);
    const request = caller.build('INVITE', callee.contact, `<sip:100@${domain}>;tag=claimed`, [], avp);
    assert.equal((await caller.ask(request)).status, 488);
    assert.equal(callee.heard.length, 0);
  });

  it('passes an offer for fallback, and ends the call where its plain stream is taken', async () => {
    const pbx = await encrypted();
    const secured = describeMedia(secureAudio, { ...plainAudio, port: 0 });
    const plain = describeMedia({ ...secureAudio, port: 0 }, plainAudio);
    let answer = secured;
    const { caller } = await pair(pbx, undefined, {
      onInvite: (transaction, one) => void one.accept(transaction, answer),
    });
    const dialog = dialogOf(await caller.call('100', describeMedia(secureAudio, plainAudio)));
    assert.equal((await caller.hangUp(dialog)).status, 200);
    answer = plain;
    assert.equal(statusOf(await caller.call('100', describeMedia(secureAudio, plainAudio))), 488);
    await over(pbx);
  });

  it('rings on at one terminal of a number while another answers in RTP/AVP', async () => {
    const pbx = await encrypted();
    const { caller } = await pair(pbx, avp);
    await registered(pbx, '100', 'tls', {
      onInvite: (transaction, one) => {
        transaction.respond(180);
        clock.after(100, () => void one.accept(transaction, savp));
      },
    });
    const dialog = dialogOf(await caller.call('100', savp));
    assert.equal(pbx.calls()[0]?.encrypted, true);
    assert.equal((await caller.hangUp(dialog)).status, 200);
  });

  it('passes media as offered while it is off, and a call keeps the rule it began with', async () => {
    const exchange = Exchange.inMemory();
    const pbx = await start({ exchange });
    const answer: SoftphoneOptions['onInside'] = transaction => {
      if (transaction.request.method !== 'INVITE') return false;
      transaction.respond(200, undefined, { body: avp, contentType: 'application/sdp' });
      return true;
    };
    const { caller } = await pair(pbx, avp, { onInside: answer });
    const dialog = dialogOf(await caller.call('100', avp));
    assert.deepEqual(
      [pbx.calls()[0]?.media, pbx.calls()[0]?.encrypted, pbx.calls()[0]?.required],
      ['RTP/AVP', false, false],
    );
    await exchange.commit([settings(0, 'extension')]);
    assert.equal((await inside(caller, dialog, 'INVITE', avp)).status, 200);
    assert.equal((await caller.hangUp(dialog)).status, 200);
    assert.equal(statusOf(await caller.call('100', avp)), 488);
    await exchange.commit([settings(0, 'route', 'intermgw')]);
    assert.equal((await caller.hangUp(dialogOf(await caller.call('100', avp)))).status, 200);
  });

  it('spares two extensions with exception under policy 2, and not one without', async () => {
    const pbx = await start({ exchange: Exchange.inMemory([settings(0)]) });
    const { caller } = await pair(pbx, avp);
    const extension = { lim: 1, csp: 1, customer: 0, thirdPartyClient: true, maxTerminals: 8 };
    const row = (dir: string, securityException: boolean): Change[] => [
      { table: 'extensions', key: dir, row: { ...extension, dir, securityException } },
      { table: 'ipExtensions', key: dir, row: { dir, protocol: 'SIP' } },
      {
        table: 'authorizationCodes',
        key: `dir:${dir}`,
        row: { dir, code: `pw${dir}`, customer: 0, csp: 1, cil: '', isRestricted: false },
      },
    ];
    await pbx.exchange.commit([settings(2, 'extension'), ...row('100', true), ...row('101', true)]);
    const dialog = dialogOf(await caller.call('100', avp));
    assert.equal(pbx.calls()[0]?.decidedBy, 'exception');
    assert.equal((await caller.hangUp(dialog)).status, 200);
    await pbx.exchange.commit(row('100', false));
    assert.equal(statusOf(await caller.call('100', avp)), 488);
  });

  it('takes a gateway for one by its own number, too', async () => {
    const gateway = (route: number, registeredAs: string): Change => ({
      table: 'sipRoutes',
      key: String(route),
      row: { route, prefix: `7${route}`, port: 5060, protocol: 'udp', isGateway: true, registers: false, registeredAs },
    });
    const rows = [settings(0, 'intermgw'), gateway(1, '100'), gateway(2, '101')];
    const pbx = await start({ exchange: Exchange.inMemory(rows) });
    const { caller, callee } = await pair(pbx, savp);
    for (const number of ['719', '100']) {
      assert.equal(statusOf(await caller.call(number, avp)), 488, number);
      const dialog = dialogOf(await caller.call(number, savp));
      assert.deepEqual(
        pbx.calls().map(({ kind, decidedBy }) => [kind, decidedBy]),
        [['gateway', 'intermgw']],
      );
      assert.equal((await caller.hangUp(dialog)).status, 200);
    }
    assert.equal(callee.heard.filter(({ method }) => method === 'INVITE').length, 2);
  });
});
