// Every pair of media securities, mode and key management of the caller against those of the called side, through our own SIP server.
import assert from 'node:assert/strict';
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
import { modes, protocols, securityCells, tryCall } from '../../support/voice/security-pairs.ts';

describe('media security of two units', () => {
  let pbx: Pbx;
  const units = new Map<string, Unit>();
  const nameOf = (mode: string, protocol: string, role: string): string => `${role}-${mode}-${protocol}`;

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

  for (const { title, expected, pairs } of securityCells)
    it(title, async () => {
      for (const { caller, called } of pairs) {
        const from = nameOf(caller.mode, caller.keyManagement, 'a');
        const to = nameOf(called.mode, called.keyManagement, 'b');
        const { outcome, sides } = await tryCall(unitOf(from), unitOf(to), from, to);
        await sides?.[0].hangup();
        await sides?.[1].ended;
        assert.equal(outcome, expected, `${from} to ${to}`);
      }
    });
});
