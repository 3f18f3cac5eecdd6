// Tables 1 to 4 of the vendor's VoIP security description, row by row, with H.323 terminals of pycrate at the RAS port and over TLS.
import assert from 'node:assert/strict';
import { type H323Lab, openH323Lab } from '../../support/h323/lab.ts';
import { H323Peers, type H323Terminal, h323Needs, type TerminalEvent } from '../../support/h323/terminals.ts';
import { refusedInClear, registrationCases, type TerminalCase } from '../../support/pbx/mx-one-vectors.ts';
import { peerSuite } from '../../support/servers/peers.ts';

const DIR = '4100';
const PIN = '471100';
type Way = 'plain' | 'secure';

peerSuite('H.323 terminals of pycrate under a security policy', h323Needs, function () {
  this.timeout(20_000);
  let lab: H323Lab;
  let peers: H323Peers;
  const terminals: H323Terminal[] = [];
  before(async () => {
    peers = await H323Peers.start();
    lab = await openH323Lab();
  });
  afterEach(async () => {
    await lab.gatekeeper.unregister(DIR);
    for (const terminal of terminals.splice(0)) terminal.tell('close');
  });
  after(async () => {
    await lab?.stop();
    await peers?.stop();
  });

  const prepare = async ({ policy, hasException, hasPin }: TerminalCase): Promise<void> => {
    await lab.add({ dir: DIR, exception: hasException, ...(hasPin ? { pin: PIN } : {}) });
    await lab.setPolicy(policy);
  };
  const terminal = async (way: Way, { isSecureTerminal }: TerminalCase): Promise<H323Terminal> => {
    const { ras, calls, tls } = lab.ports;
    const product = isSecureTerminal ? 'DBC42502' : 'DBC42501';
    const ports = way === 'plain' ? { ras, calls } : { tls };
    const made = await peers.terminal({ aliases: [DIR], product, ...ports });
    terminals.push(made);
    return made;
  };

  for (const row of registrationCases.filter(({ kinds }) => kinds.includes('H.323'))) {
    it(row.title, async () => {
      await prepare(row);
      if (!row.isAllowed) {
        for (const way of ['plain', 'secure'] as const) {
          assertDenied(await (await terminal(way, row)).ask('register', { password: PIN }));
          assert.deepEqual([lab.refusals.all()[0]?.row, lab.refusals.all()[0]?.encrypted], [row.row, way === 'secure']);
        }
        assert.deepEqual(lab.gatekeeper.terminals(), []);
        return;
      }
      const made = await terminal(row.isEncrypted ? 'secure' : 'plain', row);
      if (row.asksPin) {
        assertDenied(await made.ask('register'));
        assert.equal(lab.refusals.all()[0]?.row, 'PIN');
      }
      const answer = await made.ask('register', row.asksPin ? { password: PIN } : {});
      assert.equal(answer.kind, 'registrationConfirm');
      const [seen] = lab.gatekeeper.terminals();
      const port = row.isEncrypted ? lab.ports.tls : lab.ports.ras;
      assert.deepEqual([seen?.row, seen?.port, seen?.isSecure], [row.row, port, row.isSecureTerminal]);
    });
  }

  for (const row of refusedInClear) {
    it(row.title, async () => {
      await prepare(row);
      assertDenied(await (await terminal('plain', row)).ask('register', { password: PIN }));
    });
  }

  it('prove the number as PIN over TLS when there is no code', async () => {
    const row = { policy: 1, isSecureTerminal: true, hasException: false, hasPin: false } as const;
    await prepare(row);
    const made = await terminal('secure', row);
    assertDenied(await made.ask('register'));
    assert.equal((await made.ask('register', { password: DIR })).kind, 'registrationConfirm');
  });
});

function assertDenied({ kind, fields }: TerminalEvent): void {
  assert.deepEqual([kind, fields?.rejectReason], ['registrationReject', { securityDenial: 0 }]);
}
