// Telephones of baresip and pjsua2 and the DGW log on at the exchange, at its ports for TLS, UDP and TCP: each row of the vendor's
// tables gives the outcome that the table has, as the telephone tells it and as the exchange does.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../../pbx/cli.ts';
import { eventually } from '../../support/eventually.ts';
import { BaresipTerminals } from '../../support/pbx/baresip-terminals.ts';
import { DgwTerminals } from '../../support/pbx/dgw-terminals.ts';
import { ExchangeLab } from '../../support/pbx/exchange-lab.ts';
import {
  customaryPort,
  type RegistrationCase,
  refusedInClear,
  registrationCases,
  type TerminalCase,
} from '../../support/pbx/mx-one-vectors.ts';
import { Pjsua2Program } from '../../support/pbx/pjsua2-terminals.ts';
import { type Logon, type LogonReport, secureProduct, type TerminalMaker } from '../../support/pbx/terminals.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { pjsua2Needs } from '../../support/servers/pjsua2.ts';

const makers = ['baresip', 'pjsua2', 'DGW'] as const;
type Maker = (typeof makers)[number];
type Protocol = Logon['protocol'];

const PIN = '4711';
const cases = registrationCases.filter(({ kinds }) => kinds.includes('SIP'));

peerSuite('rows of the security tables', { programs: ['baresip', 'stdbuf'], ...pjsua2Needs }, function () {
  this.timeout(30_000);
  let folder = '';
  let lab: ExchangeLab;
  let pjsua2: Pjsua2Program;
  const terminals = new Map<string, TerminalMaker>();
  let numbers = 2000;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mx-one-'));
    lab = await ExchangeLab.start({ tls: customaryPort('SIP', true), plain: customaryPort('SIP', false) });
    const [secure, own, program] = await Promise.all([
      BaresipTerminals.start({
        ...{ folder: join(folder, 'secure'), sipPort: 15_170, controlPort: 14_460 },
        product: secureProduct,
      }),
      BaresipTerminals.start({ folder: join(folder, 'own'), sipPort: 15_180, controlPort: 14_461 }),
      Pjsua2Program.start(),
    ]);
    pjsua2 = program;
    terminals.set('baresip secure', secure).set('baresip insecure', own);
    terminals.set('pjsua2 secure', pjsua2.maker(secureProduct)).set('pjsua2 insecure', pjsua2.maker('PJSUA/2.15'));
    terminals.set('DGW secure', new DgwTerminals([lab.root]));
  });
  after(async () => {
    await Promise.allSettled([...terminals.values()].map(one => one.stop()));
    await pjsua2?.stop();
    await lab?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Sets the exchange up for the row, with a number of its own. */
  const prepared = async ({ policy, isSecureTerminal, hasException, hasPin }: TerminalCase): Promise<string> => {
    const number = String(++numbers);
    await lab.setNumber(number, {
      hasException,
      thirdPartyClient: !isSecureTerminal,
      code: hasPin ? PIN : undefined,
    });
    await lab.setPolicy(policy);
    return number;
  };
  const terminalOf = (maker: Maker, { isSecureTerminal }: TerminalCase): TerminalMaker =>
    terminals.get(`${maker} ${isSecureTerminal ? 'secure' : 'insecure'}`) ?? assert.fail(maker);

  /** Logs on, and off again whatever comes of it. */
  const during = async (
    terminal: TerminalMaker,
    logon: Logon,
    check: (report: LogonReport) => void | Promise<void>,
  ): Promise<void> => {
    try {
      await check(await terminal.logOn(logon));
    } finally {
      await terminal.logOff(logon.number);
    }
    await eventually(`${logon.number} is gone`, () => lab.terminal(logon.number) === undefined);
  };

  const isAllowed = async (maker: Maker, row: RegistrationCase, number: string): Promise<void> => {
    const terminal = terminalOf(maker, row);
    const protocol = row.isEncrypted ? 'tls' : maker === 'pjsua2' ? 'tcp' : 'udp';
    const port = customaryPort('SIP', row.isEncrypted);
    const logon = { number, protocol, port, pin: row.hasPin ? PIN : undefined } as const;
    await during(terminal, logon, async report => {
      assert.deepEqual([report.isRegistered, report.wasChallenged], [true, row.asksPin]);
      const seen = lab.terminal(number);
      assert.deepEqual(
        [seen?.row, seen?.port, seen?.protocol, seen?.isSecure, seen?.product],
        [row.row, port, protocol, row.isSecureTerminal, terminal.product],
      );
      const printed = await lab.command(`ip_extension -p -d ${number}`);
      assert.match(printed.text, new RegExp(`^${number} .* ${port} .* ${row.row.replaceAll(' ', '_')}$`, 'm'));
      const listed = runCommand(lab.pbx, 'registrations', []) as { user: string; row: string; port: number }[];
      assert.deepEqual(
        listed.map(one => [one.user, one.row, one.port]),
        [[number, row.row, port]],
      );
    });
    if (!row.asksPin) return;
    await during(terminal, { ...logon, pin: '9999' }, report => assert.equal(report.isRegistered, false));
  };

  const isRefused = async (maker: Maker, row: TerminalCase, number: string, protocol: Protocol): Promise<void> => {
    const port = customaryPort('SIP', protocol === 'tls');
    const before = lab.refusalsOf(number).length;
    await during(terminalOf(maker, row), { number, protocol, port, pin: row.hasPin ? PIN : undefined }, report => {
      assert.equal(report.isRegistered, false);
      assert.equal(report.status ?? 403, 403);
      assert.ok(lab.refusalsOf(number).length > before, 'the exchange has no refusal');
    });
  };

  for (const maker of makers) {
    for (const row of cases.filter(({ isSecureTerminal }) => maker !== 'DGW' || isSecureTerminal)) {
      it(`${row.title} (${maker})`, async () => {
        const number = await prepared(row);
        if (row.isAllowed) return await isAllowed(maker, row, number);
        for (const protocol of ['tls', 'udp'] as const) await isRefused(maker, row, number, protocol);
        assert.deepEqual([...new Set(lab.refusalsOf(number))], [row.row]);
      });
    }
    const allowed = cases.find(({ row }) => row === 'Table 1 row 5');
    if (allowed && maker !== 'DGW') {
      it(`registers no terminal of another maker without --third-party-client (${maker})`, async () => {
        const number = await prepared(allowed);
        await lab.setNumber(number, { hasException: true, thirdPartyClient: false });
        await isRefused(maker, allowed, number, 'udp');
        await lab.executed(`extension -c -d ${number} --third-party-client yes`);
        await isAllowed(maker, allowed, number);
      });
    }
    for (const row of refusedInClear) {
      it(`${row.title} (${maker})`, async () => {
        const number = await prepared(row);
        for (const protocol of ['udp', 'tcp'] as const) await isRefused(maker, row, number, protocol);
      });
    }
  }
});
