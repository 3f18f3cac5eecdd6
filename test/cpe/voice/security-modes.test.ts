// Every pair of media securities, mode and key management of the caller against those of the called side, through our own SIP server.
import assert from 'node:assert/strict';
import { type Call, CallFailed } from '../../../cpe/voice/call/call.ts';
import type { MediaSecurity } from '../../../cpe/voice/media/keying.ts';
import type { Pbx } from '../../../pbx/app.ts';
import {
  registered,
  startServer,
  startUnit,
  tlsSettings,
  type Unit,
  unitConfig,
  voiceAuthority,
} from '../../support/cpe/voice.ts';

type Mode = MediaSecurity['mode'];
const modes: readonly Mode[] = ['Unsecure', 'Secure', 'SecureWithFallback'];
const protocols = ['Mikey', 'Sdes'] as const;
const LINE = 'SdpTools [D3A2] Received the wrong key management protocol. Secure stream disabled.';

/** The outcome of a call; with `+` the called side reports the wrong key management. */
type Outcome = 'RTP' | 'SRTP' | '415' | '415+' | 'RTP+';
/** By the caller's mode, then in the order of `modes` that of the called side. */
type Table = Readonly<Record<Mode, readonly Outcome[]>>;

const same: Table = {
  Unsecure: ['RTP', '415', 'RTP'],
  Secure: ['415', 'SRTP', 'SRTP'],
  SecureWithFallback: ['RTP', 'SRTP', 'SRTP'],
};
const different: Table = {
  Unsecure: ['RTP', '415', 'RTP'],
  Secure: ['415', '415+', '415+'],
  SecureWithFallback: ['RTP', '415+', 'RTP+'],
};

describe('media security of two units', () => {
  let pbx: Pbx;
  const units = new Map<string, Unit>();
  const nameOf = (mode: Mode, protocol: string, role: string): string => `${role}-${mode}-${protocol}`;

  before(async function () {
    this.timeout(30_000);
    const authority = await voiceAuthority();
    const all = modes.flatMap(mode =>
      protocols.flatMap(keyManagement =>
        ['a', 'b'].map(role => {
          return {
            user: nameOf(mode, keyManagement, role),
            srtp: { mode, keyManagement, encryption: 'AesCm128' } as const,
          };
        }),
      ),
    );
    pbx = await startServer(authority, { users: all.map(({ user }) => ({ user, password: `pw${user}` })) });
    const server = { host: '127.0.0.1', port: pbx.ports.tls ?? 0 };
    for (const { user, srtp } of all)
      units.set(
        user,
        startUnit(unitConfig(user, server, { srtp }), () => tlsSettings([authority.cert])),
      );
    for (const [user, unit] of units) await unit.until(registered, `${user} registers`);
  });
  after(async () => {
    await Promise.all([...units.values()].map(({ agent }) => agent.stop()));
    await pbx.stop();
  });

  const unitOf = (name: string): Unit => units.get(name) ?? assert.fail(name);
  const outcomeOf = async (caller: string, called: string): Promise<Outcome> => {
    const heard = unitOf(called).heard;
    heard.length = 0;
    const answering: Call[] = [];
    unitOf(called).agent.incoming(call => answering.push(call));
    const made = await unitOf(caller)
      .agent.call(caller, called)
      .catch((error: unknown) => error);
    const told = heard.filter(({ message }) => message === LINE).length === 1 ? '+' : '';
    if (made instanceof CallFailed) return `${made.status as 415}${told}`;
    const call = made as Call;
    const suites = new Set([call.stats().suite, answering[0]?.stats().suite]);
    await call.hangup();
    await answering[0]?.ended;
    assert.equal(suites.size, 1);
    return suites.has('none') ? `RTP${told as '+'}` : 'SRTP';
  };

  for (const [ours, table] of [
    ['the same protocol', same],
    ['different protocols', different],
  ] as const)
    for (const caller of modes)
      for (const [at, called] of modes.entries()) {
        const expected = table[caller][at];
        it(`${caller} calls ${called}, ${ours}: ${expected}`, async () => {
          for (const first of protocols) {
            const second = table === same ? first : protocols.find(one => one !== first);
            const pair = [nameOf(caller, first, 'a'), nameOf(called, second ?? '', 'b')] as const;
            assert.equal(await outcomeOf(...pair), expected, pair.join(' to '));
          }
        });
      }
});
