// The vendor's voice security notes as docs/voice.md has them: its scripts on two units and a server, and every command it names.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isCommand, usageOf } from '../../cpe/control/commands.ts';
import type { NumberedConversation } from '../../cpe/control/ladder.ts';
import { callOptions, controlOptions, runOptions } from '../../cpe/options.ts';
import { serveOptions } from '../../pbx/options.ts';
import { readOptions } from '../../shared/config.ts';
import { eventually } from '../support/eventually.ts';
import { endPrograms, type Program, program } from '../support/processes/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/voice.md'), 'utf8');
const commands = [...page.matchAll(/^npm run (cpe|pbx) -- (.*)$/gm)].map(([, name = '', line = '']) => ({
  name,
  words: line.split(' '),
}));

describe('voice notes', function () {
  this.timeout(60_000);
  let folder = '';
  let port = '';
  const units: Program[] = [];
  const addresses: Record<string, string> = { '100': '127.0.15.2', '101': '127.0.15.3' };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'notes-'));
    const accounts = ['--user', '100:pw100', '--user', '101:pw101'];
    const pbx = program('pbx/main.ts', ['serve', '--tls-port', '0', '--data', join(folder, 'pbx'), ...accounts]);
    port =
      String((await pbx.ready()).tls)
        .split(':')
        .at(-1) ?? '';
    for (const [user, address] of Object.entries(addresses)) {
      const own = ['--serial', user, '--address', address, '--state', join(folder, user), '--ladder'];
      const unit = program('cpe/main.ts', ['run', ...own, '--ca', join(folder, 'pbx', 'ca.pem')]);
      await unit.ready();
      units.push(unit);
    }
  });
  after(async () => {
    await endPrograms();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (user: string, ...args: string[]) =>
    program('cpe/main.ts', [...args, '--state', join(folder, user)]).ended;
  /** Runs a script of examples/voice, with the port of this test's server. */
  const script = async (user: string, name: string): Promise<void> => {
    const text = await readFile(join(root, 'examples/voice', `${name}.cfg`), 'utf8');
    const file = join(folder, `${user}-${name}`);
    await writeFile(file, text.replaceAll('127.0.0.1:5061', `127.0.0.1:${port}`));
    const { code, err } = await ask(user, 'script', file);
    assert.equal(code, 0, `${name}: ${err}`);
  };

  it('bring two units from the factory to a secure call, and show a mismatch as 415', async () => {
    for (const user of ['100', '101']) {
      for (const name of ['notifications', 'gateway', `account-${user}`]) await script(user, name);
      const { out } = await ask(user, 'status');
      assert.match(out, /^gateway +Name=OpenSIPS State=Waiting for a restart Port=0 SecurePort=0$/m);
      assert.match(out, /^restart +needed by .*SipEp: Scm\.RestartRequiredServices$/m);
      for (const name of ['tls', 'srtp']) await script(user, name);
    }
    for (const user of ['100', '101'])
      await eventually('registered', async () => (await ask(user, 'status')).out.includes('State=Registered'), 20_000);
    const { out: status } = await ask('100', 'status');
    assert.match(status, /^ready LED +steady green$/m);
    assert.doesNotMatch(status, /restart/);
    const before = (await ask('100', 'log')).out;
    for (const id of ['1400-9001', '1400-303', '1400-310', '1400-9011']) assert.ok(before.includes(id), before);
    const secure = await ask('100', 'call', '101', '--duration', '1', '--expect', 'secure');
    assert.equal(secure.code, 0, secure.err);
    const ladder = JSON.parse((await ask('100', 'ladder', '--json')).out) as NumberedConversation[];
    const invites = ladder.flatMap(({ messages }) => messages).filter(({ method }) => method === 'INVITE');
    assert.equal(invites[0]?.session, 'SDP RTP/SAVP SDES');
    assert.match(invites[0]?.text ?? '', /^Contact: <sip:100@127\.0\.15\.2:16\d\d\d;transport=tls>/m);
    await script('101', 'mikey');
    const mismatch = await ask('100', 'call', '101', '--expect', '415');
    assert.equal(mismatch.code, 0, mismatch.err);
    assert.match((await ask('101', 'log')).out, /SdpTools \[D3A2\] Received the wrong key management protocol/);
    await script('100', 'mikey');
    const again = await ask('100', 'call', '101', '--duration', '0', '--expect', 'secure');
    assert.deepEqual([again.code, /^keys +MIKEY$/m.test(again.out)], [0, true]);
  });

  it('make no second gateway of one name when a script runs twice, and the unit ends at SIGINT', async () => {
    const { code, err } = await ask('100', 'script', join(folder, '100-gateway'));
    assert.deepEqual([code, /line 2: SipEp\.Gateway has a row with Name="OpenSIPS" already/.test(err)], [1, true], err);
    assert.equal((await ask('100', 'status')).out.match(/Name=OpenSIPS/g)?.length, 1);
    await script('100', 'tls');
    const from = performance.now();
    await units[0]?.stop('SIGINT');
    const took = performance.now() - from;
    assert.ok(took < 5000, String(took));
  });

  it('name only commands, options and files that exist', () => {
    assert.ok(commands.length > 10, String(commands.length));
    for (const { name, words } of commands) {
      const [command = '', ...argv] = words;
      for (const word of argv.filter(text => text.startsWith('examples/')))
        assert.ok(existsSync(join(root, word)), word);
      if (name === 'pbx') {
        assert.equal(command, 'serve');
        readOptions(serveOptions, { argv });
      } else if (command === 'run') readOptions(runOptions, { argv });
      else {
        assert.ok(isCommand(command), command);
        const { positionals } = readOptions(command === 'call' ? callOptions : controlOptions, { argv });
        assert.equal(usageOf(command, positionals), undefined, words.join(' '));
      }
    }
  });

  it('name only variables of the model', async () => {
    const model = readFileSync(join(root, 'schemas/dgw.xml'), 'utf8');
    const rows = /^## Settings$[\s\S]*?^## /m.exec(page)?.[0] ?? '';
    const names = [...rows.matchAll(/`(?:SipEp|Mipt|Nlm)?\.?([A-Z]\w+)`/g)].map(([, name = '']) => name);
    assert.ok(names.length > 10);
    for (const name of names.filter(one => /^(Transport|Interop|Contact|Registration|MinSeverity)/.test(one)))
      assert.ok(model.includes(`name="${name}"`), name);
  });
});
