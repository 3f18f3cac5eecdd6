// Hold and resume by the unit, message by message, at a peer that accepts, refuses, holds too, or asks at the same time.
import assert from 'node:assert/strict';
import { CallFailed } from '../../../../cpe/voice/call/call.ts';
import { factoryCallSettings } from '../../../../cpe/voice/call/settings.ts';
import { buildAck, buildRequest } from '../../../../shared/sip/dialog.ts';
import type { SipRequest, SipResponse } from '../../../../shared/sip/message.ts';
import { attributeValues, parseSdp } from '../../../../shared/sip/sdp.ts';
import { CallLab, clock } from '../../../support/cpe/call-lab.ts';
import { hurriedClock, reached, sdpText } from '../../../support/cpe/voice.ts';
import { calledByUnit, callUnit, type PeerCall, streamOf, withSdp } from '../../../support/voice/peer-call.ts';

const keysOf = ({ body }: { body: Buffer }): string[] =>
  attributeValues(parseSdp(body).media[0] ?? { attributes: [] }, 'crypto');
const versionOf = ({ body }: SipRequest): number => Number(parseSdp(body).origin.version);

describe('hold and resume, message by message', () => {
  const lab = CallLab.inSuite();

  it('holds by inactive and 0.0.0.0 with new keys, sends nothing, and resumes (RFC 3264 8.4)', async () => {
    await lab.start();
    const { call, accept, first } = await calledByUnit(lab);
    await reached(() => call.stats().sent > 5, 'media');
    const holding = call.hold();
    const { request } = await accept('inactive');
    await holding;
    assert.deepEqual(streamOf(request), { direction: 'inactive', address: '0.0.0.0' });
    assert.notDeepEqual(keysOf(request), keysOf(first));
    assert.deepEqual(call.held, { byUs: true, byPeer: false });
    const { sent } = call.stats();
    await clock.sleep(120);
    assert.equal(call.stats().sent, sent);
    await call.hold();
    const resuming = call.resume();
    const again = await accept('sendrecv');
    await resuming;
    assert.deepEqual(streamOf(again.request), { direction: 'sendrecv', address: lab.address });
    assert.ok(versionOf(again.request) > versionOf(request));
    assert.deepEqual(call.held, { byUs: false, byPeer: false });
    await reached(() => call.stats().sent > sent, 'media after the resume');
    assert.equal(call.state, 'up');
  });

  it('holds by sendonly with its own address where it is set to, and goes on sending', async () => {
    const calls = {
      ...factoryCallSettings,
      hold: { direction: 'sendonly', address: 'media', answer: 'recvonly' } as const,
    };
    await lab.start({ calls });
    const { call, accept } = await callUnit(lab);
    const holding = call.hold();
    const { request } = await accept('recvonly');
    await holding;
    assert.deepEqual(streamOf(request), { direction: 'sendonly', address: lab.address });
    const { sent } = call.stats();
    await reached(() => call.stats().sent > sent, 'media of hold');
  });

  it('keeps both holds apart, and resumes into the peer’s', async () => {
    await lab.start();
    const { call, ask, accept, sdp } = await callUnit(lab);
    const held = await ask('INVITE', withSdp(sdp(['a=sendonly'])));
    assert.deepEqual(
      [held.status, streamOf(held).direction, call.held],
      [200, 'recvonly', { byUs: false, byPeer: true }],
    );
    const holding = call.hold();
    assert.equal(streamOf((await accept('inactive')).request).direction, 'inactive');
    await holding;
    assert.deepEqual(call.held, { byUs: true, byPeer: true });
    const freed = await ask('INVITE', withSdp(sdp()));
    assert.deepEqual([freed.status, streamOf(freed).direction], [200, 'inactive']);
    assert.deepEqual(call.held, { byUs: true, byPeer: false });
    const resuming = call.resume();
    assert.equal(streamOf((await accept('sendonly')).request).direction, 'sendrecv');
    await resuming;
    assert.deepEqual(call.held, { byUs: false, byPeer: true });
  });

  it('answers the peer’s hold by inactive where it is set to', async () => {
    const calls = {
      ...factoryCallSettings,
      hold: { direction: 'inactive', address: 'hold', answer: 'inactive' } as const,
    };
    await lab.start({ calls });
    const { ask, sdp } = await callUnit(lab);
    assert.equal(streamOf(await ask('INVITE', withSdp(sdp(['a=sendonly'])))).direction, 'inactive');
  });

  it('keeps the call and its media when the peer refuses, and ends it on 481', async () => {
    await lab.start();
    const { call } = await callUnit(lab);
    for (const status of [488, 500, 603]) {
      const refused = assert.rejects(call.hold(), (error: CallFailed) => error.status === status);
      (await lab.peer.next('INVITE')).respond(status);
      await refused;
      assert.deepEqual([call.state, call.held.byUs], ['up', false]);
    }
    const { sent } = call.stats();
    await reached(() => call.stats().sent > sent, 'media');
    const lost = assert.rejects(call.hold(), (error: CallFailed) => error.status === 481);
    (await lab.peer.next('INVITE')).respond(481);
    await lost;
    (await lab.peer.next('BYE')).respond(200);
    assert.deepEqual(await call.ended, { reason: 're-INVITE answered 481' });
    await assert.rejects(call.resume(), CallFailed);
  });

  it('hangs up after an answer without a session description', async () => {
    await lab.start();
    const { call } = await callUnit(lab);
    const failed = assert.rejects(call.hold(), /no session description/);
    (await lab.peer.next('INVITE')).respond(200);
    await failed;
    (await lab.peer.next('BYE')).respond(200);
    assert.equal((await call.ended).reason, 'the answer has no session description');
  });

  it('answers 491 while its own re-INVITE waits, and tries again after one (RFC 3261 14)', async () => {
    await lab.start({}, hurriedClock(2_050, 20));
    const { call, ask, sdp, accept } = await calledByUnit(lab);
    const holding = call.hold();
    const first = await lab.peer.next('INVITE');
    assert.equal((await ask('INVITE', withSdp(sdp()))).status, 491);
    assert.equal((await ask('UPDATE', withSdp(sdp()))).status, 491);
    assert.equal((await ask('UPDATE')).status, 200);
    first.respond(491);
    const again = await accept('inactive');
    assert.ok(versionOf(again.request) > versionOf(first.request));
    await holding;
    assert.equal(call.held.byUs, true);
  });

  it('gives up after five answers of 491, and does one change after the other', async () => {
    await lab.start({}, hurriedClock(0, 10));
    const { call, accept } = await callUnit(lab);
    const refused = assert.rejects(call.hold(), (error: CallFailed) => error.status === 491);
    const resumed = call.resume();
    for (let attempt = 0; attempt < 5; attempt++) (await lab.peer.next('INVITE')).respond(491);
    await refused;
    await resumed;
    const holding = call.hold();
    await accept('inactive');
    await holding;
    assert.equal(call.held.byUs, true);
  });

  it('answers the unchanged offer of a peer that it called with one key (RFC 4568 5.1.2)', async () => {
    await lab.start();
    const { call, ask, sdp } = await calledByUnit(lab);
    const holding = call.hold();
    const body = sdp(['a=inactive']);
    const asked = await lab.peer.next('INVITE');
    asked.respond(200, undefined, withSdp(body));
    await holding;
    assert.equal(keysOf(asked.request).length, 2);
    const answer = await ask('INVITE', withSdp(body));
    assert.deepEqual([answer.status, keysOf(answer).length], [200, 1]);
  });
});

describe('re-INVITEs of a peer that does what few do', () => {
  const lab = CallLab.inSuite();

  /** A re-INVITE without a session description, and the ACK with that body. */
  const openOffer = async ({ dialog }: PeerCall, body: string): Promise<SipResponse> => {
    const contact: [string, string] = ['Contact', `<sip:200@127.0.0.1:${lab.peer.server.port}>`];
    const sent = await lab.peer.send(lab.address, buildRequest(dialog, 'INVITE', { headers: [contact] }));
    const { response } = await sent.final;
    const ack = buildAck(dialog, sent.request, body === '' ? {} : withSdp(body));
    lab.peer.layer.send(sent.flow, ack);
    return response;
  };

  it('offers a session to one without, and takes the answer in the ACK (RFC 3261 13.2.1)', async () => {
    await lab.start();
    const made = await callUnit(lab);
    const { call, sdp } = made;
    const offered = await openOffer(made, sdp(['a=sendonly']));
    assert.deepEqual([offered.status, streamOf(offered).direction], [200, 'sendrecv']);
    await reached(() => call.held.byPeer, 'the answer');
    await openOffer(made, sdp());
    await reached(() => !call.held.byPeer, 'the answer');
    assert.equal(call.state, 'up');
  });

  it('keeps the session where the ACK has no answer, and hangs up after one of no use', async () => {
    await lab.start();
    const made = await callUnit(lab);
    assert.equal((await openOffer(made, '')).status, 200);
    const { sent } = made.call.stats();
    await reached(() => made.call.stats().sent > sent, 'media');
    await openOffer(made, sdpText(40_000, 'RTP/AVP'));
    (await lab.peer.next('BYE')).respond(200);
    assert.match((await made.call.ended).reason, /not audio RTP\/SAVP/);
  });

  it('answers 491 to the next one before the ACK, and goes on after many at once', async () => {
    await lab.start();
    const { call, dialog, ask, sdp } = await callUnit(lab);
    const contact: [string, string] = ['Contact', `<sip:200@127.0.0.1:${lab.peer.server.port}>`];
    const open = await lab.peer.send(lab.address, buildRequest(dialog, 'INVITE', { headers: [contact] }));
    assert.equal((await open.final).response.status, 200);
    assert.equal((await ask('INVITE', withSdp(sdp()))).status, 491);
    lab.peer.layer.send(open.flow, buildAck(dialog, open.request));
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('INVITE', withSdp(sdp()))));
    assert.ok(
      answers.every(({ status }) => [200, 491, 500].includes(status)),
      answers.map(({ status }) => status).join(' '),
    );
    assert.equal(call.state, 'up');
  });
});
