// Addresses of the scheme sips at the unit (RFC 3261 26.2.2, RFC 5630): TLS on every hop, or a refusal. The peers write their own bytes.
import assert from 'node:assert/strict';
import { CallFailed } from '../../../cpe/voice/call/call.ts';
import type { Authority } from '../../../shared/pki/authority.ts';
import { CallLab, plain } from '../../support/cpe/call-lab.ts';
import {
  registered,
  sdpText,
  startUnit,
  tlsSettings,
  type Unit,
  unitConfig,
  voiceAuthority,
} from '../../support/cpe/voice.ts';
import { type RawPeer, rawText, rawTlsPeer, rawUdpPeer } from '../../support/servers/raw-sip.ts';

const media = sdpText(40_000, 'RTP/AVP');

describe('sips at a unit with TLS', () => {
  let authority: Authority;
  let peer: RawPeer;
  let unit: Unit;

  before(async () => {
    authority = await voiceAuthority();
  });
  beforeEach(async () => {
    const common = { commonName: '127.0.0.1', ips: ['127.0.0.1'], usage: ['server'], key: 'rsa' } as const;
    const issued = await authority.issue({ ...common, ips: [...common.ips], usage: [...common.usage] });
    peer = await rawTlsPeer(issued.chain, issued.key);
    const config = unitConfig('100', { host: '127.0.0.1', port: peer.port }, { srtp: plain });
    unit = startUnit(config, () => tlsSettings([authority.root]));
    await unit.until(registered, 'registration');
  });
  afterEach(async () => {
    await unit.agent.stop({ silent: true });
    await peer.close();
  });

  /** An INVITE to the unit. */
  const invite = (uri: string, contact: string, lines: string[] = []): string =>
    rawText(
      `INVITE ${uri} SIP/2.0`,
      [
        `Via: SIP/2.0/TLS 127.0.0.1:${peer.port};branch=z9hG4bKin`,
        'Max-Forwards: 70',
        'From: <sip:200@foreign.test>;tag=far',
        'To: <sip:100@voice.test>',
        'Call-ID: in',
        'CSeq: 1 INVITE',
        `Contact: <${contact}>`,
        ...lines,
      ],
      media,
    );

  it('E4: calls a sips address with a sips Contact, and keeps the dialog there', async () => {
    const calling = unit.agent.call('100', 'sips:200@foreign.test');
    const request = await peer.next(/^INVITE /);
    assert.equal(request.first, 'INVITE sips:200@foreign.test SIP/2.0');
    assert.match(request.get('Contact'), /^<sips:100@127\.0\.0\.1:\d+>$/);
    // A foreign telephone that forgets the scheme.
    const lines = ['Contact: <sip:200@127.0.0.9:5061>', 'Record-Route: <sips:127.0.0.1;lr>'];
    peer.send(request.answer('200 OK', lines, media));
    assert.equal((await peer.next(/^ACK /)).first, 'ACK sips:200@127.0.0.9:5061 SIP/2.0');
    const call = await calling;
    const ending = call.hangup();
    const bye = await peer.next(/^BYE /);
    assert.equal(bye.first, 'BYE sips:200@127.0.0.9:5061 SIP/2.0');
    assert.equal(bye.get('Route'), '<sips:127.0.0.1;lr>');
    peer.send(bye.answer('200 OK'));
    await ending;
  });

  const asking: [what: string, uri: string, contact: string, lines: string[]][] = [
    ['Request-URI', 'sips:100@voice.test', 'sip:200@127.0.0.9', []],
    ['topmost Record-Route', 'sip:100@voice.test', 'sip:200@127.0.0.9', ['Record-Route: <sips:127.0.0.1;lr>']],
    ['Contact', 'sip:100@voice.test', 'sips:200@127.0.0.9', []],
  ];
  for (const [what, uri, contact, lines] of asking)
    it(`E4: answers with a sips Contact where the ${what} is sips (12.1.1)`, async () => {
      peer.send(invite(uri, contact, lines));
      const ringing = await peer.next(/^SIP\/2\.0 180/);
      assert.match(ringing.get('Contact'), /^<sips:100@/);
      const answer = await peer.next(/^SIP\/2\.0 200/);
      assert.match(answer.get('Contact'), /^<sips:100@127\.0\.0\.1:\d+>$/);
      const dialog = [`From: ${answer.get('From')}`, `To: ${answer.get('To')}`, 'Call-ID: in', 'Max-Forwards: 70'];
      const via = 'Via: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bK';
      peer.send(rawText(`ACK ${uri} SIP/2.0`, [...dialog, `${via}ack`, 'CSeq: 1 ACK']));
      const moved = [
        ...dialog,
        `${via}re`,
        'CSeq: 2 INVITE',
        `Contact: <${contact.replace('127.0.0.9', '127.0.0.8')}>`,
      ];
      peer.send(rawText(`INVITE ${uri} SIP/2.0`, moved, sdpText(40_002, 'RTP/AVP', [], { version: 2 })));
      const again = await peer.next(/^SIP\/2\.0 200/);
      assert.match(again.get('Contact'), /^<sips:100@/);
      peer.send(rawText(`ACK ${uri} SIP/2.0`, [...dialog, `${via}reack`, 'CSeq: 2 ACK']));
      void unit.agent.calls()[0]?.hangup();
      const bye = await peer.next(/^BYE /);
      const scheme = what === 'topmost Record-Route' ? 'sip' : 'sips';
      assert.equal(bye.first, `BYE ${scheme}:200@127.0.0.8 SIP/2.0`);
    });

  it('E4: answers a sip call with a sip Contact, and calls a number so', async () => {
    peer.send(invite('sip:100@voice.test', 'sip:200@127.0.0.9'));
    assert.match((await peer.next(/^SIP\/2\.0 200/)).get('Contact'), /^<sip:100@.*;transport=tls>$/);
    const calling = unit.agent.call('100', '200');
    const request = await peer.next(/^INVITE /);
    assert.match(request.get('Contact'), /^<sip:100@.*;transport=tls>$/);
    peer.send(request.answer('486 Busy Here'));
    await assert.rejects(calling, CallFailed);
  });

  it('E4: is not led from a sips address to a sip one', async () => {
    const calling = unit.agent.call('100', 'sips:200@foreign.test');
    const failed = assert.rejects(calling, (error: CallFailed) => error.status === 302);
    const first = await peer.next(/^INVITE /);
    peer.send(first.answer('302 Moved Temporarily', ['Contact: <sip:201@foreign.test>, <sips:202@foreign.test>']));
    const second = await peer.next(/^INVITE /);
    assert.equal(second.first, 'INVITE sips:202@foreign.test SIP/2.0');
    peer.send(second.answer('302 Moved Temporarily', ['Contact: <sip:203@foreign.test>']));
    await failed;
    assert.equal(peer.seen.filter(line => line.startsWith('INVITE ')).length, 2);
  });
});

describe('sips at a unit without TLS', () => {
  const lab = CallLab.inSuite();
  const open: RawPeer[] = [];
  afterEach(async () => {
    for (const peer of open.splice(0)) await peer.close();
  });

  it('E4: calls no sips address, and says why', async () => {
    await lab.start({ srtp: plain });
    await assert.rejects(lab.unit.agent.call('100', 'sips:200@127.0.0.1'), (error: CallFailed) => {
      assert.equal(error.status, 416);
      assert.match(error.message, /over TLS only/);
      return true;
    });
  });

  const offers: [what: string, status: number, uri: string, contact: string, lines: string[]][] = [
    ['Request-URI', 416, 'sips:100', 'sip:200@127.0.0.1', []],
    ['Contact', 480, 'sip:100', 'sips:200@127.0.0.1', []],
    ['Record-Route', 480, 'sip:100', 'sip:200@127.0.0.1', ['Record-Route: <sips:127.0.0.1;lr>']],
  ];
  for (const [what, status, uri, contact, lines] of offers)
    it(`E4: answers ${status} to an INVITE whose ${what} is sips`, async () => {
      await lab.start({ srtp: plain });
      const peer = await rawUdpPeer({ host: lab.address, port: 5060 });
      open.push(peer);
      const head = [
        `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKin`,
        'Max-Forwards: 70',
        'From: <sip:200@foreign.test>;tag=far',
        'To: <sip:100@voice.test>',
        'Call-ID: in',
        'CSeq: 1 INVITE',
        `Contact: <${contact}>`,
      ];
      peer.send(rawText(`INVITE ${uri}@${lab.address} SIP/2.0`, [...head, ...lines], media));
      const answer = await peer.next(/^SIP\/2\.0 [2-6]/);
      assert.match(answer.first, new RegExp(`^SIP/2\\.0 ${status} `));
      assert.equal(answer.get('Warning'), status === 480 ? `380 ${lab.address} "SIPS Not Allowed"` : '');
      assert.equal(lab.unit.agent.calls().length, 0);
    });

  it('E4: ends its call where the answer has a sips Contact', async () => {
    await lab.start({ srtp: plain });
    const calling = lab.unit.agent.call('100', '200');
    const failed = assert.rejects(calling, /asks for TLS/);
    const invite = await lab.peer.next('INVITE');
    const headers: [string, string][] = [['Contact', '<sips:200@127.0.0.1:5061>']];
    invite.respond(200, undefined, { headers, body: media, contentType: 'application/sdp' });
    const bye = await lab.peer.next('BYE');
    assert.equal(bye.request.uri, invite.request.uri);
    bye.respond(200);
    await failed;
  });
});
