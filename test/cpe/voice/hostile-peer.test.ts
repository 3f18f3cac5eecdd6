// A peer that sends the unit what no socket takes: the unit goes on.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { CallFailed } from '../../../cpe/voice/call/call.ts';
import { createLog } from '../../../shared/log.ts';
import { createRequest } from '../../../shared/sip/message.ts';
import { CallLab, clock, plain } from '../../support/cpe/call-lab.ts';
import { inviteTo, reached, sdpText } from '../../support/cpe/voice.ts';

describe('a hostile SIP peer of the unit', () => {
  const lab = CallLab.inSuite();

  const ports = [0, 65_536, 99_999];
  for (const port of ports) {
    it(`B6: goes on after a Via with port ${port}`, async () => {
      await lab.start({ srtp: plain });
      const socket = createSocket('udp4');
      const head = (method: string, via: string): string =>
        `${method} sip:100@${lab.address} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${via};branch=z9hG4bK${method}${port}\r\n` +
        `From: <sip:a@b>;tag=1\r\nTo: <sip:100@b>\r\nCall-ID: ${method}${port}\r\nCSeq: 1 ${method}\r\nMax-Forwards: 70\r\n` +
        'Contact: <sip:a@127.0.0.1>\r\nContent-Length: 0\r\n\r\n';
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      const heard = once(socket, 'message');
      for (const method of ['OPTIONS', 'INVITE', 'BYE', 'CANCEL']) {
        socket.send(head(method, String(port)), 5060, lab.address);
      }
      const last = head('OPTIONS', String(socket.address().port)).replaceAll('z9hG4bK', 'z9hG4bKlast');
      socket.send(last, 5060, lab.address);
      const [answer] = (await heard) as [Buffer];
      assert.match(answer.toString(), /^SIP\/2\.0 200 /);
      socket.close();
    });
  }

  it('takes messages of up to 5,120 bytes over UDP, and answers 513 to longer requests', async () => {
    await lab.start({ srtp: plain });
    const answerTo = async (bytes: number): Promise<number> => {
      const { uri, headers } = inviteTo(lab.peer, lab.address, '');
      const request = createRequest('OPTIONS', uri, {
        headers: [...headers].map(([name, value]) => [name, name === 'CSeq' ? '1 OPTIONS' : value] as const),
        body: Buffer.alloc(bytes, 0x61),
        contentType: 'text/plain',
      });
      return (await (await lab.peer.send(lab.address, request)).final).response.status;
    };
    assert.equal(await answerTo(4500), 200);
    assert.equal(await answerTo(5120), 513);
  });

  it('does not send a longer request over UDP', async () => {
    const { agent } = await lab.start({ srtp: plain });
    await assert.rejects(agent.call('100', `sip:${'1'.repeat(5200)}@voice.test`), {
      status: 513,
      message: /UDP takes 5120/,
    });
  });

  it('logs one line a minute for what an address sends that is no SIP', async () => {
    const lines: string[] = [];
    const log = createLog({ clock, level: 'info', write: line => void lines.push(line) });
    await lab.start({ srtp: plain }, undefined, log);
    const socket = createSocket('udp4');
    for (let count = 0; count < 40; count++) socket.send('no SIP at all\r\n\r\n', 5060, lab.address);
    assert.equal((await lab.answerTo(sdpText(40_000, 'RTP/AVP'))).status, 200);
    socket.close();
    assert.equal(lines.filter(line => line.includes('malformed SIP message')).length, 1);
  });

  it('B6: sends no reports where the media port leaves no port for them', async () => {
    await lab.start({ srtp: plain });
    const response = await lab.answerTo(sdpText(65_535, 'RTP/AVP'));
    assert.equal(response.status, 200);
    const [call] = lab.unit.agent.calls();
    assert.ok(call);
    await reached(() => call.stats().sent >= 3, 'media');
    const ended = lab.unit.agent.calls()[0]?.ended;
    await Promise.race([call.hangup(), clock.sleep(3000)]);
    assert.deepEqual(await Promise.race([ended, clock.sleep(1000)]), { reason: 'hung up' });
  });

  it('B6: sends reports to the port of a=rtcp', async () => {
    await lab.start({ srtp: plain });
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const line = `a=rtcp:${socket.address().port} IN IP4 127.0.0.1`;
    assert.equal((await lab.answerTo(sdpText(65_535, 'RTP/AVP', [line]))).status, 200);
    const [call] = lab.unit.agent.calls();
    const heard = once(socket, 'message');
    void call?.hangup();
    const [report] = (await heard) as [Buffer];
    assert.equal(report[1], 200);
    socket.close();
  });

  it('B6: refuses an offer with a port above 65535', async () => {
    await lab.start({ srtp: plain, rejectCode: 488 });
    assert.equal((await lab.answerTo(sdpText(65_536, 'RTP/AVP'))).status, 488);
    const bye = createRequest('OPTIONS', `sip:100@${lab.address}`, {
      headers: inviteTo(lab.peer, lab.address, '').headers,
    });
    bye.headers.set('CSeq', '1 OPTIONS');
    assert.equal((await (await lab.peer.send(lab.address, bye)).final).response.status, 200);
  });

  it('E1: takes the answer of a 183 when the 200 has none, and the first where both have one', async () => {
    for (const second of ['', sdpText(40_002, 'RTP/AVP')]) {
      await lab.start({ srtp: plain });
      const calling = lab.unit.agent.call('100', '200');
      const invite = await lab.peer.next('INVITE');
      const headers: [string, string][] = [['Contact', `<sip:200@127.0.0.1:${lab.peer.server.port}>`]];
      const contentType = 'application/sdp';
      invite.respond(183, undefined, { headers, body: sdpText(40_000, 'RTP/AVP'), contentType });
      invite.respond(200, undefined, second === '' ? { headers } : { headers, body: second, contentType });
      assert.equal((await calling).stats().remote, '127.0.0.1:40000');
      await lab.unit.agent.stop({ silent: true });
    }
  });

  it('E3: acknowledges a 200 without Contact, and ends the call', async () => {
    await lab.start({ srtp: plain });
    const calling = lab.unit.agent.call('100', '200');
    const failed = assert.rejects(calling, CallFailed);
    const invite = await lab.peer.next('INVITE');
    invite.respond(200, undefined, { body: sdpText(40_000, 'RTP/AVP'), contentType: 'application/sdp' });
    const callId = invite.request.headers.get('Call-ID');
    let bye = await lab.peer.next('BYE');
    // Those of calls before this one may still wait.
    while (bye.request.headers.get('Call-ID') !== callId) bye = await lab.peer.next('BYE');
    assert.equal(lab.peer.acks.filter(ack => ack.headers.get('Call-ID') === callId).length, 1);
    assert.equal(bye.request.uri, invite.request.uri);
    bye.respond(200);
    await failed;
  });

  it('E6: follows a 302 to its Contact, and gives up after five', async () => {
    await lab.start({ srtp: plain });
    const calling = lab.unit.agent.call('100', '200');
    const failed = assert.rejects(calling, (error: CallFailed) => error.status === 302);
    const called: string[] = [];
    for (let at = 0; at <= 5; at++) {
      const invite = await lab.peer.next('INVITE');
      called.push(invite.request.uri);
      const to = `<tel:+1>, <sip:${201 + at}@127.0.0.1:5099;transport=tcp>`;
      assert.match(invite.request.headers.get('To') ?? '', /sip:200@/);
      invite.respond(302, undefined, { headers: [['Contact', to]] });
    }
    await failed;
    assert.match(called[0] ?? '', /^sip:200@/);
    assert.equal(called[1], 'sip:201@127.0.0.1:5099;transport=tcp');
    assert.equal(called[5], 'sip:205@127.0.0.1:5099;transport=tcp');
  });
});
