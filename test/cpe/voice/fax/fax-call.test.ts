// Fax within calls: from voice to T.38 by either side, where it is allowed, and back.
import assert from 'node:assert/strict';
import { encodeIfp } from '../../../../cpe/voice/fax/ifp.ts';
import { testPage } from '../../../../cpe/voice/fax/test-page.ts';
import { encodeUdptl } from '../../../../cpe/voice/fax/udptl.ts';
import { type EndpointMedia, plainMedia } from '../../../../cpe/voice/media/endpoint-media.ts';
import type { SipUserAgent } from '../../../../cpe/voice/user-agent.ts';
import { bindUdp } from '../../../../shared/net/udp.ts';
import { attributeValues, parseSdp } from '../../../../shared/sip/sdp.ts';
import { CallLab, plain } from '../../../support/cpe/call-lab.ts';
import { reached } from '../../../support/cpe/voice.ts';
import { faxMedia, faxSdp } from '../../../support/voice/fax-lab.ts';
import { calledByUnit, callUnit, withSdp } from '../../../support/voice/peer-call.ts';
import { Telephones } from '../../../support/voice/telephones.ts';

const page = testPage(40);

describe('fax within a call, message by message', function () {
  this.timeout(30_000);
  const lab = CallLab.inSuite();
  const startWith = (media: EndpointMedia, changes: Parameters<CallLab['startIn']>[1] = {}) =>
    lab.startIn({ mediaOf: () => media }, changes);

  it('is offered by re-INVITE in the place of the audio, without keys (ITU-T T.38 annex D)', async () => {
    await startWith(faxMedia());
    const { call, ask } = await calledByUnit(lab);
    const sending = call.fax.send(page);
    const asked = await lab.peer.next('INVITE');
    const offer = parseSdp(asked.request.body);
    const [stream] = offer.media;
    assert.ok(stream);
    assert.deepEqual([offer.media.length, stream.type, stream.proto, stream.formats], [1, 'image', 'udptl', ['t38']]);
    assert.ok(stream.port >= 6004);
    assert.deepEqual(
      ['T38FaxVersion', 'T38MaxBitRate', 'T38FaxRateManagement', 'T38FaxUdpEC'].map(
        name => attributeValues(stream, name)[0],
      ),
      ['0', '14400', 'transferredTCF', 't38UDPRedundancy'],
    );
    assert.doesNotMatch(asked.request.body.toString(), /crypto|key-mgmt/);
    asked.respond(200, undefined, {
      headers: [['Contact', `<sip:200@127.0.0.1:${lab.peer.server.port}>`]],
      ...withSdp(faxSdp(41_000, 2)),
    });
    await reached(() => call.stats().fax?.state === 'running', 'the fax');
    const { sent } = call.stats();
    assert.equal((await ask('BYE')).status, 200);
    assert.deepEqual([(await sending).state, (await sending).reason], ['failed', 'the call ended']);
    assert.ok(call.stats().sent - sent <= 1, 'audio went on');
  });

  it('goes on as voice where the peer refuses T.38', async () => {
    await startWith(faxMedia());
    const { call } = await calledByUnit(lab);
    const sending = call.fax.send(page);
    (await lab.peer.next('INVITE')).respond(488);
    await assert.rejects(sending, { name: 'CallFailed', status: 488 });
    const { sent } = call.stats();
    await reached(() => call.stats().sent > sent + 3, 'audio');
    assert.deepEqual([call.state, call.stats().fax], ['up', undefined]);
  });

  for (const [what, media, srtp] of [
    ['T.38 is disabled', plainMedia, plain],
    ['SRTP is on and AllowUnsecureT38WithSrtp is off', faxMedia({ besideSrtp: false }), undefined],
  ] as const) {
    it(`is refused where ${what}, and the call goes on`, async () => {
      await startWith(media, srtp ? { srtp: { ...srtp, mode: 'SecureWithFallback' } } : {});
      const { call, ask } = await callUnit(lab);
      assert.equal((await ask('INVITE', withSdp(faxSdp(41_000, 9)))).status, 415);
      await assert.rejects(call.fax.send(page), { code: 'fax-not-allowed' });
      assert.deepEqual([call.state, call.stats().fax], ['up', undefined]);
    });
  }

  it("is refused with 488 where the unit's reject code says so", async () => {
    await startWith(faxMedia({ besideSrtp: false }), { rejectCode: 488 });
    const { ask } = await callUnit(lab);
    const { status, headers } = await ask('INVITE', withSdp(faxSdp(41_000, 9)));
    assert.equal(status, 488);
    assert.match(headers.get('Warning') ?? '', /^304 /);
  });

  it("answers the peer's T.38 and greets as a fax machine until audio is offered", async () => {
    await startWith(faxMedia());
    const { call, ask, sdp } = await callUnit(lab);
    const socket = await bindUdp({ address: '127.0.0.1' });
    const heard: Buffer[] = [];
    socket.on('message', bytes => heard.push(bytes));
    const response = await ask('INVITE', withSdp(faxSdp(socket.address().port, 9)));
    assert.equal(response.status, 200);
    const [stream] = parseSdp(response.body).media;
    assert.deepEqual([stream?.type, stream?.proto], ['image', 'udptl']);
    await reached(() => heard.length >= 3, 'DIS');
    const frame = Buffer.concat(heard).toString('hex');
    assert.match(frame, /ffc80100761e/);
    // A repeated description is a refresh: the fax goes on.
    assert.equal((await ask('INVITE', withSdp(faxSdp(socket.address().port, 9)))).status, 200);
    assert.equal(call.stats().fax?.state, 'running');
    assert.equal((await ask('INVITE', withSdp(sdp()))).status, 200);
    await reached(() => call.stats().fax?.state === 'failed', 'the end of the fax');
    const { sent } = call.stats();
    await reached(() => call.stats().sent > sent + 3, 'audio');
    socket.close();
  });

  it('counts junk and strangers at its port, and is not moved by them', async () => {
    await startWith(faxMedia());
    const { call, ask } = await callUnit(lab);
    const response = await ask('INVITE', withSdp(faxSdp(41_000, 9)));
    const port = parseSdp(response.body).media[0]?.port ?? 0;
    const [friend, stranger] = [await bindUdp({ address: '127.0.0.1' }), await bindUdp({ address: '127.0.0.2' })];
    const end = encodeUdptl({
      sequence: 0,
      primary: encodeIfp({ kind: 'indicator', indicator: 'cng' }),
      secondaries: [],
    });
    stranger.send(end, port, lab.address);
    for (const hex of ['', '00', 'ffff', '0001c106', '000001ff0000', '00010120000000'])
      friend.send(Buffer.from(hex, 'hex'), port, lab.address);
    friend.send(end, port, lab.address);
    await reached(() => (call.stats().fax?.strangers ?? 0) >= 7, 'strangers');
    assert.equal(call.stats().fax?.state, 'running');
    friend.close();
    stranger.close();
  });

  it('takes no fax stream that it cannot use', async () => {
    await startWith(faxMedia());
    const { ask } = await callUnit(lab);
    let version = 20;
    const statusOf = async (body: string): Promise<number> => (await ask('INVITE', withSdp(body))).status;
    const next = (port: number, lines: string[] = []): string => faxSdp(port, ++version, lines);
    assert.equal(await statusOf(next(0)), 415);
    assert.equal(await statusOf(next(41_000, ['a=T38FaxRateManagement:localTCF'])), 415);
    assert.equal(await statusOf(next(41_000).replace('c=IN IP4 127.0.0.1', 'c=IN IP4 fax.example')), 415);
    assert.equal(await statusOf(next(41_000).replace('udptl t38', 'tcp t38')), 415);
    assert.equal(await statusOf(next(41_000, ['a=T38FaxMaxDatagram:junk', 'a=T38MaxBitRate:9600'])), 200);
  });
});

describe('fax between two units', function () {
  this.timeout(60_000);
  const telephones = Telephones.inSuite(12);

  it("changes to T.38 and greets when the calling tone of the peer's fax machine is heard", async () => {
    const boot = (user: string, tone: number, detection: string): Promise<SipUserAgent> =>
      telephones.boot(user, { 'TelIf.DefaultMachineDetectionCngToneDetection': detection }, { tone });
    const caller = await boot('100', 1100, 'Enable');
    for (const [detection, expected] of [
      ['Disable', undefined],
      ['Enable', 'running'],
    ] as const) {
      const called = await boot('101', 440, detection);
      const [call, answered] = await Telephones.connect(caller, called);
      if (expected) await reached(() => [call, answered].every(one => one.stats().fax !== undefined), 'T.38');
      else await reached(() => answered.stats().received > 30, 'the tone');
      assert.deepEqual([answered.stats().fax?.state, call.stats().fax?.state], [expected, expected]);
      await call.hangup();
      await answered.ended;
      await called.stop();
    }
  });

  it('carries a page beside SRTP where AllowUnsecureT38WithSrtp is on, and both report it', async () => {
    const settings = { 'Mipt.DefaultSecurityRtpMode': 'Secure', 'Mipt.AllowUnsecureT38WithSrtp': 'Enable' };
    const [caller, called] = [await telephones.boot('100', settings), await telephones.boot('101', settings)];
    const [call, answered] = await Telephones.connect(caller, called);
    assert.notEqual(call.stats().suite, 'none');
    const sent = await call.fax.send(page);
    assert.deepEqual(
      [sent.state, sent.direction, sent.pages, sent.rows, sent.rate],
      ['complete', 'sent', 1, 40, 14400],
    );
    await reached(() => answered.stats().fax?.state === 'complete', 'the end of the fax');
    const received = answered.stats().fax;
    assert.deepEqual([received?.direction, received?.pages, received?.rows, received?.lost], ['received', 1, 40, 0]);
    assert.deepEqual(answered.fax.pages, [page]);
    await call.hangup();
    await answered.ended;
  });
});
