// The keys of a session that is changed, by SessionUpdateCryptoMode: hold and resume from either side, and refreshes.
import assert from 'node:assert/strict';
import type { Call } from '../../../cpe/voice/call/call.ts';
import { factoryCallSettings } from '../../../cpe/voice/call/settings.ts';
import type { MediaSecurity } from '../../../cpe/voice/media/keying.ts';
import { parseCrypto } from '../../../cpe/voice/media/sdes.ts';
import { systemClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';
import { buildRequest, dialogOfCaller } from '../../../shared/sip/dialog.ts';
import { attributeValues, parseSdp } from '../../../shared/sip/sdp.ts';
import { CallLab, secure } from '../../support/cpe/call-lab.ts';
import { cryptoLine, hurriedClock, inviteTo, reached, sdpText, talking } from '../../support/cpe/voice.ts';
import { ServerUnits } from '../../support/voice/server-units.ts';

/** The keys of a description's first stream, by suite. */
function keysIn(body: Buffer): Record<string, string> {
  const [media] = parseSdp(body).media;
  const lines = media ? attributeValues(media, 'crypto').map(parseCrypto) : [];
  return Object.fromEntries(lines.map(({ suite, keys }) => [suite, keys[0]?.keySalt.toString('base64') ?? '']));
}

describe('keys of a changed session', () => {
  const lab = CallLab.inSuite();
  const suites = ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32'] as const;

  /** A call to the unit under the second of its suites. */
  const connect = async (mode: 'Regenerate' | 'Keep') => {
    await lab.start({ sessionUpdateCryptoMode: mode, srtp: secure });
    const body = sdpText(4000, 'RTP/SAVP', [cryptoLine(1, suites[1])]);
    const invite = await lab.peer.send(lab.address, inviteTo(lab.peer, lab.address, body));
    const { response } = await invite.final;
    const dialog = dialogOfCaller(invite.request, response);
    lab.peer.layer.send(invite.flow, buildRequest({ ...dialog, localSequence: 0 }, 'ACK'));
    const ask = async (sdp: string): Promise<Record<string, string>> => {
      const request = buildRequest(dialog, 'UPDATE', { body: sdp, contentType: 'application/sdp' });
      const answer = (await (await lab.peer.send(lab.address, request)).final).response;
      assert.equal(answer.status, 200);
      return keysIn(answer.body);
    };
    const [call] = lab.unit.agent.calls();
    assert.ok(call);
    return { call, ask, first: keysIn(response.body), body };
  };
  const next = (version: number, ...lines: string[]): string =>
    sdpText(4000, 'RTP/SAVP', [...lines, 'a=sendonly'], { version });

  it('are new in each answer with Regenerate, but for a refresh', async () => {
    const { ask, first, body } = await connect('Regenerate');
    assert.deepEqual(await ask(body), first);
    const second = await ask(next(2, cryptoLine(1, suites[1])));
    assert.notEqual(second[suites[1]], first[suites[1]]);
    assert.notDeepEqual(await ask(next(3, cryptoLine(1, suites[1]))), second);
  });

  it('stay the same in each answer with Keep, as long as the suite does', async () => {
    const { ask, first } = await connect('Keep');
    assert.deepEqual(await ask(next(2, cryptoLine(1, suites[1]))), first);
    const other = await ask(next(3, cryptoLine(1, suites[0]), cryptoLine(2, suites[1])));
    assert.deepEqual(Object.keys(other), [suites[0]]);
    assert.notEqual(other[suites[0]], first[suites[1]]);
    assert.deepEqual(await ask(next(4, cryptoLine(1, suites[0]))), other);
  });

  for (const [mode, isKept] of [
    ['Regenerate', false],
    ['Keep', true],
  ] as const) {
    it(`${isKept ? 'stay the same' : 'are new'} in offers of hold and resume with ${mode}`, async () => {
      const { call, first } = await connect(mode);
      for (const [version, change] of [() => call.hold(), () => call.resume()].entries()) {
        const done = change();
        const invite = await lab.peer.next('INVITE');
        const offered = keysIn(invite.request.body);
        assert.deepEqual(Object.keys(offered), [...suites]);
        assert.equal(offered[suites[1]] === first[suites[1]], isKept);
        assert.notEqual(offered[suites[0]], offered[suites[1]]);
        const body = sdpText(4000, 'RTP/SAVP', [cryptoLine(2, suites[1])], { version: version + 2 });
        const contact: [string, string] = ['Contact', `<sip:200@127.0.0.1:${lab.peer.server.port}>`];
        invite.respond(200, undefined, { headers: [contact], body, contentType: 'application/sdp' });
        await done;
      }
    });
  }
});

describe('media over a changed session', () => {
  const units = ServerUnits.inSuite();

  for (const keyManagement of ['Sdes', 'Mikey'] as const)
    for (const sessionUpdateCryptoMode of ['Regenerate', 'Keep'] as const) {
      it(`goes on over hold and resume from both sides (${keyManagement}, ${sessionUpdateCryptoMode})`, async () => {
        const srtp: MediaSecurity = { mode: 'Secure', keyManagement, encryption: 'AesCm128' };
        const caller = await units.registered('100', { srtp, sessionUpdateCryptoMode });
        const called = await units.registered('101', { srtp, sessionUpdateCryptoMode });
        const arriving = new Promise<Call>(resolve => called.agent.incoming(resolve));
        const call = await caller.agent.call('100', '101');
        const answered = await arriving;
        await talking(10, call, answered);
        for (const [one, other] of [
          [call, answered],
          [answered, call],
        ] as const) {
          await one.hold();
          await one.resume();
          const before = [one.stats().received, other.stats().received];
          await reached(
            () => [one, other].every((side, at) => side.stats().received > (before[at] ?? 0) + 20),
            'media after the resume',
          );
        }
        for (const side of [call, answered]) assert.equal(side.stats().authFailures, 0, JSON.stringify(side.stats()));
        await call.hangup();
        await answered.ended;
      });
    }

  for (const refresh of ['INVITE', 'UPDATE'] as const) {
    it(`keeps the keys of MIKEY over refreshes of the session by ${refresh}`, async () => {
      const srtp: MediaSecurity = { mode: 'Secure', keyManagement: 'Mikey', encryption: 'AesCm128' };
      const calls = { ...factoryCallSettings, timer: { ...factoryCallSettings.timer, refresh } };
      const lines: string[] = [];
      const log = createLog({ clock: systemClock(), level: 'info', write: line => void lines.push(line) });
      const env = { clock: hurriedClock(60_000, 1200), log };
      const caller = await units.registered('100', { srtp, calls }, env);
      const called = await units.registered('101', { srtp, calls }, env);
      const arriving = new Promise<Call>(resolve => called.agent.incoming(resolve));
      const call = await caller.agent.call('100', '101');
      const answered = await arriving;
      // Without a refresh, a session of 3,600 s, hurried, ends after 3 s.
      await systemClock().sleep(4000);
      assert.deepEqual([call.state, answered.state], ['up', 'up']);
      for (const side of [call, answered]) assert.equal(side.stats().authFailures, 0);
      assert.deepEqual(
        lines.filter(line => /"call (?:changed|change refused)"/.test(line)),
        [],
      );
      await call.hangup();
      await answered.ended;
    }).timeout(20_000);
  }
});
