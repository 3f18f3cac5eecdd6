// Digits by SIP INFO, in both directions, and the methods that the unit names in Allow.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { CallFailed } from '../../../../cpe/voice/call/call.ts';
import { factoryCallSettings } from '../../../../cpe/voice/call/settings.ts';
import { formatInfo, readInfo } from '../../../../cpe/voice/media/dtmf/info.ts';
import { plainMedia } from '../../../../cpe/voice/media/endpoint-media.ts';
import type { UserAgentConfig } from '../../../../cpe/voice/settings.ts';
import { createRequest, type MessageParts, type SipResponse } from '../../../../shared/sip/message.ts';
import { CallLab } from '../../../support/cpe/call-lab.ts';
import { callUnit } from '../../../support/voice/peer-call.ts';

const relay = { format: 'relay', duration: 160, emptyAnswer: 415 } as const;
const media = { ...plainMedia, dtmf: { ...plainMedia.dtmf, transport: 'signalling' } } as const;
const bySignalling: Partial<UserAgentConfig> = { calls: { ...factoryCallSettings, info: relay } };
const body = (text: string, contentType = 'application/dtmf-relay'): MessageParts => ({ body: text, contentType });

describe('digits in a body', () => {
  it('are read as they are written, in both formats', () => {
    for (const digit of '0123456789*#ABCD')
      for (const format of ['relay', 'draft'] as const) {
        const { contentType = '', body: text = '' } = formatInfo(digit, { ...relay, format });
        assert.equal(readInfo(contentType, Buffer.from(text)), digit);
      }
  });

  it('are read with spaces, in lower case and as numbers, and from no other bytes', () => {
    const read = (text: string): string | undefined => readInfo('application/dtmf-relay', Buffer.from(text));
    assert.deepEqual(['Signal = 5\nDuration=1', 'duration=1\r\nsignal=a', 'Signal=11'].map(read), ['5', 'A', '#']);
    assert.deepEqual(
      ['', 'Signal=', 'Signal=55', 'Signal=x', 'Duration=5', '=5', 'Signal'].map(read),
      Array(7).fill(undefined),
    );
    const property = fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
      const digit = readInfo('application/dtmf', Buffer.from(bytes));
      assert.ok(digit === undefined || /^[0-9*#A-D]$/.test(digit));
    });
    fc.assert(property, { seed: 15, numRuns: 500 });
  });
});

describe('digits by INFO', () => {
  const lab = CallLab.inSuite();

  it('are sent one a request, and a refusal is told', async () => {
    await lab.startIn({ mediaOf: () => media }, bySignalling);
    const { call } = await callUnit(lab);
    const sending = call.sendDigits('1#');
    for (const digit of '1#') {
      const info = await lab.peer.next('INFO');
      assert.equal(info.request.headers.get('Content-Type'), 'application/dtmf-relay');
      assert.equal(info.request.body.toString(), `Signal=${digit}\r\nDuration=160\r\n`);
      info.respond(200);
    }
    await sending;
    const refused = assert.rejects(call.sendDigits('12'), (error: CallFailed) => error.status === 415);
    (await lab.peer.next('INFO')).respond(415);
    await refused;
    assert.equal(call.state, 'up');
  });

  it('are heard, and a body without one is refused by its type', async () => {
    await lab.startIn({ mediaOf: () => media }, bySignalling);
    const { call, ask } = await callUnit(lab);
    const cases: [MessageParts, number][] = [
      [body('Signal=5\r\nDuration=160\r\n'), 200],
      [body('*', 'application/dtmf'), 200],
      [body('Signal=x'), 400],
      [body('hello', 'text/plain'), 415],
      [{}, 415],
    ];
    for (const [parts, status] of cases) assert.equal((await ask('INFO', parts)).status, status);
    assert.equal(call.stats().digits, '5*');
  });

  it('may come without a body where the unit is set to take that', async () => {
    const calls = { ...factoryCallSettings, info: { ...relay, emptyAnswer: 200 } as const };
    await lab.startIn({ mediaOf: () => media }, { calls });
    const { ask } = await callUnit(lab);
    assert.equal((await ask('INFO')).status, 200);
  });
});

describe('the methods of the unit', () => {
  const lab = CallLab.inSuite();
  const everything: Partial<UserAgentConfig> = {
    calls: { ...factoryCallSettings, prack: { uas: true, uac: 'supported' } },
  };
  const outside = async (method: string): Promise<SipResponse> => {
    const { host, port } = lab.peer.server;
    const headers: [string, string][] = [
      ['Max-Forwards', '70'],
      ['From', `<sip:200@${host}:${port}>;tag=x`],
      ['To', `<sip:100@${lab.address}>`],
      ['Call-ID', `outside-${method}`],
      ['CSeq', `1 ${method}`],
    ];
    return (
      await (
        await lab.peer.send(lab.address, createRequest(method, `sip:100@${lab.address}`, { headers }))
      ).final
    ).response;
  };

  for (const [what, env, config, more] of [
    ['of the factory', {}, {}, ''],
    ['with PRACK and INFO', { mediaOf: () => media }, everything, ', PRACK, INFO'],
  ] as const)
    it(`${what} are those in Allow: each is acted on, each other is answered 405`, async () => {
      await lab.startIn(env, config);
      const allow = `INVITE, ACK, BYE, CANCEL, REFER, NOTIFY, UPDATE${more}`;
      const { ask } = await callUnit(lab);
      const inside = allow.split(', ').filter(method => !['ACK', 'CANCEL', 'BYE'].includes(method));
      for (const method of ['OPTIONS', ...inside]) assert.notEqual((await ask(method)).status, 405, method);
      const others = ['SUBSCRIBE', 'MESSAGE', 'PUBLISH', 'PRACK', 'INFO', 'FOO'].filter(one => !inside.includes(one));
      for (const method of others)
        for (const response of [await ask(method), await outside(method)])
          assert.deepEqual([response.status, response.headers.get('Allow')], [405, allow], method);
      for (const method of ['OPTIONS', ...inside, 'BYE']) assert.notEqual((await outside(method)).status, 405, method);
      assert.equal((await outside('OPTIONS')).headers.get('Allow'), allow);
      assert.equal((await ask('BYE')).status, 200);
    });
});
