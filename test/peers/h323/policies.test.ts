// Tables 1 to 4 of the vendor's VoIP security description, row by row, with H.323 terminals of pycrate at the RAS port and over TLS.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { type H323Lab, openH323Lab } from '../../support/h323/lab.ts';
import { H323Peers, type H323Terminal, h323Needs, type TerminalEvent } from '../../support/h323/terminals.ts';
import { refusedInClear, registrationCases, type TerminalCase } from '../../support/pbx/mx-one-vectors.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { capture } from '../../support/servers/tshark.ts';

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

peerSuite(
  'tshark, of the registrations of H.323 terminals',
  { ...h323Needs, programs: ['tshark'], root: true },
  function () {
    this.timeout(40_000);
    it('reads RCF, RRJ with its reason, and ACF, and finds none malformed', async () => {
      const lab = await openH323Lab();
      const peers = await H323Peers.start();
      const folder = await mkdtemp(join(tmpdir(), 'ras-'));
      try {
        await lab.add({ dir: DIR }, { dir: '4101' });
        const { ras, calls } = lab.ports;
        const recording = await capture(join(folder, 'ras.pcap'), `udp port ${ras}`);
        const [first, second] = await Promise.all(
          [DIR, '4101'].map(dir => peers.terminal({ aliases: [dir], ras, calls, product: 'DBC42501' })),
        );
        await first?.ask('register');
        await second?.ask('register');
        await first?.ask('admit', { to: '4101' });
        await lab.setPolicy(1);
        await first?.ask('register');
        const read = ['-d', `udp.port==${ras},h225`];
        const names = async (): Promise<string[]> => {
          // The file ends in the midst of a packet while it is recorded.
          const text = await recording.read(...read, '-T', 'fields', '-e', 'h225.RasMessage').catch(() => '');
          return text.trim().split('\n');
        };
        const wanted = ['3', '4', '3', '4', '9', '10', '3', '5'];
        await eventually('tshark has all', async () => (await names()).length >= wanted.length, 10_000, 500);
        await recording.stop();
        assert.deepEqual(await names(), wanted);
        const text = await recording.read(...read, '-V');
        assert.match(text, /rejectReason: securityDenial/);
        assert.doesNotMatch(text, /Malformed|Dissector bug/);
      } finally {
        await peers.stop();
        await lab.stop();
        await rm(folder, { recursive: true });
      }
    });
  },
);

function assertDenied({ kind, fields }: TerminalEvent): void {
  assert.deepEqual([kind, fields?.rejectReason], ['registrationReject', { securityDenial: 0 }]);
}
