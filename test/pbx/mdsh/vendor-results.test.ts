// Commands give the results that the vendor's description has, over the control socket and with the exit codes of `pbx COMMAND`.
import assert from 'node:assert/strict';
import type { Extension } from '../../../pbx/exchange/data.ts';
import { ExchangeLab } from '../../support/pbx/exchange-lab.ts';
import { type CommandCase, commandCases, mediaEncryptionCases } from '../../support/pbx/mx-one-vectors.ts';

const NUMBER = '12345';

describe('results of commands are those of the vendor', () => {
  let lab: ExchangeLab;
  before(async () => {
    lab = await ExchangeLab.start();
  });
  beforeEach(async () => {
    await lab.pbx.exchange.commit([
      { table: 'extensions', key: NUMBER },
      { table: 'authorizationCodes', key: `dir:${NUMBER}` },
      { table: 'settings', key: 'system' },
    ]);
  });
  after(() => lab.stop());

  /** The line with the mandatory parameters that the description leaves out. */
  const whole = (command: string): string =>
    command.startsWith('extension -i') ? `${command} --csp 1 --lim 1` : command;
  const extension = (): Extension | undefined => lab.pbx.exchange.get('extensions', NUMBER);
  const state = (): unknown => structuredClone(lab.pbx.exchange.snapshot());

  /** Brings the number into the state that the case begins with. */
  const begin = async ({ policy, hasException, hasPin }: CommandCase): Promise<void> => {
    const exception = hasException ? 'yes' : 'no';
    if (hasPin) await lab.executed(`auth_code -i -d ${NUMBER} --auth-code 4711 --csp 1`);
    if (hasException !== undefined)
      await lab.executed(`extension -i -d ${NUMBER} --csp 1 --lim 1 --security-exception ${exception}`);
    await lab.setPolicy(policy);
  };
  const assertEffect = (command: string): void => {
    const [, value] = /--security-exception (yes|no)/.exec(command) ?? [];
    if (value !== undefined) assert.equal(extension()?.securityException, value === 'yes');
    const [, policy] = /^sec_policy -(?:set ([123])|remove)$/.exec(command) ?? [];
    if (command.startsWith('sec_policy')) assert.equal(lab.pbx.exchange.settings.policy, Number(policy ?? 0));
  };

  for (const one of commandCases.filter(({ isAccepted }) => isAccepted)) {
    it(one.title, async () => {
      await begin(one);
      const { exit, text } = await lab.command(whole(one.command));
      assert.equal(exit, 0, text);
      assert.doesNotMatch(text, /NOT EXECUTED/);
      assertEffect(one.command);
    });
  }

  for (const one of commandCases.filter(({ isAccepted }) => !isAccepted)) {
    it(one.title, async () => {
      await begin(one);
      const before = state();
      const { exit, text } = await lab.command(whole(one.command));
      assert.equal(exit, 1, text);
      assert.match(text, /^NOT EXECUTED\n/);
      for (const words of one.prints) assert.ok(text.toUpperCase().includes(words.toUpperCase()), text);
      assert.deepEqual(state(), before);
    });
  }

  for (const { title, policy, command, isAccepted, type, before, after } of mediaEncryptionCases) {
    it(title, async () => {
      const { exchange } = lab.pbx;
      const { mediaEncryption } = exchange.settings;
      const row = { policy, mediaEncryption: { ...mediaEncryption, [type]: before } };
      await exchange.commit([{ table: 'settings', key: 'system', row }]);
      const { exit, text } = await lab.command(command);
      assert.equal(exit, isAccepted ? 0 : 1, text);
      assert.deepEqual(exchange.settings.mediaEncryption, { ...mediaEncryption, [type]: after });
      const print = await lab.command(`media_encryption_print -type ${type}`);
      assert.match(print.text, after ? /enabled/ : /disabled/);
    });
  }

  it('prints the refusal of policy 1 in the words and lines of the vendor', async () => {
    await lab.executed(`extension -i -d ${NUMBER} --csp 1 --lim 1`);
    const { text } = await lab.command('sec_policy -set 1');
    assert.equal(text, 'NOT EXECUTED\nDIRECTORY NUMBERS WITH SECURITY EXCEPTION EXIST\n');
  });

  it('sets no policy and enables no encryption without the licence VOIP-SECURITY', async () => {
    const { exchange } = lab.pbx;
    const row = exchange.get('licenses', 'VOIP-SECURITY') ?? assert.fail('no licence');
    await exchange.commit([{ table: 'licenses', key: 'VOIP-SECURITY' }]);
    try {
      for (const command of ['sec_policy -set 2', 'media_encryption_enable -type route']) {
        const { exit, text } = await lab.command(command);
        assert.equal(exit, 1);
        assert.match(text, /^NOT EXECUTED\n.*VOIP-SECURITY/);
      }
    } finally {
      await exchange.commit([{ table: 'licenses', key: 'VOIP-SECURITY', row }]);
    }
  });
});
