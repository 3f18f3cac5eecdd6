// The commands that call the API, as processes beside a running ACS.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCall } from '../../../acs/cli/calls/commands.ts';
import type { CliContext } from '../../../acs/cli/commands.ts';
import type { CallCommand } from '../../../acs/config.ts';
import { readOptions, UsageError } from '../../../shared/config.ts';
import { UserError } from '../../../shared/errors.ts';
import { endPrograms, openAcs, program } from '../../support/processes/process.ts';

interface Ran {
  code: number | null;
  out: string;
  err: string;
}

describe('commands that call the API', function () {
  this.timeout(120_000);
  let data: string;
  let api: string;
  before(async () => {
    data = await mkdtemp(join(tmpdir(), 'tandem-calls-'));
    const acs = program('acs/main.ts', openAcs(data));
    api = String((await acs.ready()).api);
    for (const [at, tags] of [
      ['1', ['vip']],
      ['2', []],
    ] as const) {
      const made = await run('call', 'announceDevices', '--body', JSON.stringify({ id: `0090F8-4102S-${at}`, tags }));
      assert.equal(made.code, 0, made.err);
    }
  });
  after(async () => {
    await endPrograms();
    await rm(data, { recursive: true, force: true });
  });

  const reachOf = (name: string | undefined): string[] => (name === 'completion' ? [] : ['--data', data, '--api', api]);

  /** A command in this process, with the exit code and the line that the program makes of its error. */
  const run = async (name: CallCommand, ...args: string[]): Promise<Ran> => {
    let out = '';
    const context: CliContext = {
      read: (specs, argv) => readOptions(specs, { argv, env: {}, envPrefix: 'TANDEM_' }),
      write: text => {
        out += text;
      },
      columns: () => undefined,
      signal: new AbortController().signal,
    };
    try {
      return { code: await runCall(name, [...args, ...reachOf(name)], context), out, err: '' };
    } catch (error) {
      assert.ok(error instanceof UsageError || error instanceof UserError, String(error));
      return { code: error instanceof UsageError ? 2 : 1, out, err: error.message };
    }
  };

  it('list devices as a table, as JSON and as CSV', async () => {
    const table = await run('devices', '--fields', 'id,tags', '--sort', 'id');
    assert.deepEqual([table.code, table.err], [0, '']);
    assert.match(table.out, /^id\s+tags\n0090F8-4102S-1\s+\["vip"\]\n0090F8-4102S-2\s+\[\]\n$/);
    const json = await run('devices', 'tag = "vip"', '--json');
    assert.deepEqual(
      (JSON.parse(json.out) as { items: { id: string }[] }).items.map(({ id }) => id),
      ['0090F8-4102S-1'],
    );
    assert.match(
      (await run('devices', '--csv', '--fields', 'id')).out,
      /^id\r?\n0090F8-4102S-1\r?\n0090F8-4102S-2\r?\n$/,
    );
    assert.match((await run('devices', '--limit', '1', '--fields', 'id')).out, /1 of 2\n$/);
    assert.match((await run('device', '0090F8-4102S-1')).out, /^state +known$/m);
  });

  it('set parameters, and exit 1 when the device does not answer in time', async () => {
    const queued = await run('set', '0090F8-4102S-1', 'Device.X=1');
    assert.equal(queued.code, 0, queued.err);
    assert.match(queued.out, /^task \S+: queued\n$/);
    const waited = await run('set', '0090F8-4102S-1', 'Device.X=1', '--wait', '1', '--json');
    assert.deepEqual([waited.code, (JSON.parse(waited.out) as { state: string }).state], [1, 'queued']);
  });

  it('call any operation by its name, with a body of fields, of JSON, or of a file', async () => {
    assert.equal((await run('call', 'putPreset', 'name=p', 'weight=3', 'comment=by hand', 'when=tag = "vip"')).code, 0);
    const file = join(data, 'preset.json');
    await writeFile(file, '{"weight": 4}');
    assert.equal((await run('call', 'putPreset', 'name=p', '--body', `@${file}`)).code, 0);
    const read = JSON.parse((await run('call', 'getPresetVersion', 'name=p', 'version=1')).out) as Record<
      string,
      unknown
    >;
    assert.deepEqual([read.content, read.comment], [{ weight: 3, when: 'tag = "vip"' }, 'by hand']);
    assert.match((await run('call', 'listPresets')).out, /^name +weight/);
    assert.match((await run('audit', '--what', 'putPreset')).out, /admin +putPreset +p +201/);
    assert.match((await run('faults')).out, /^device +cause/);
    assert.equal((await run('faults', '--group', '--json')).code, 0);
    assert.match((await run('job')).out, /^id +name +state/);
  });

  it('count the devices that a job has skipped apart from those that are done', async () => {
    const step = { tags: { add: ['a'] } };
    const body = JSON.stringify({ id: 'j', devices: { ids: ['0090F8-4102S-1', '0090F8-4102S-nothing'] }, do: [step] });
    assert.equal((await run('call', 'createJob', '--body', body)).code, 0);
    const watched = await run('job', 'j', '--watch', '--interval', '0.1');
    assert.equal(watched.code, 0, watched.err);
    assert.match(watched.out, /^j \[#{30}\] 2 of 2, 1 skipped, done\n$/m);
    assert.match((await run('job')).out, /^id .* done +failed +skipped\nj .* 1 of 2 +0 +1\n$/);
  });

  it('exit 1 for a refusal and 2 for wrong usage, with one line that says why', async () => {
    const cases: [number, RegExp, [CallCommand, ...string[]]][] = [
      [1, /getDevice: no device nothing \(no-such-device\)/, ['device', 'nothing']],
      [1, /column 6/, ['devices', 'tag =']],
      [1, /'nothing' is no operation/, ['call', 'nothing']],
      [1, /no-such-job/, ['job', 'none', '--watch']],
      [2, /ID is missing/, ['device']],
      [2, /'x' is not NAME=VALUE/, ['set', 'a', 'x']],
      [2, /takes no 'color'/, ['call', 'getPreset', 'name=p', 'color=red']],
      [2, /name=… is missing/, ['call', 'getPreset']],
      [2, /none of pause, resume/, ['job', 'j', 'stop']],
      [2, /expected bash, zsh, fish/, ['completion', 'cmd']],
      [2, /--limit/, ['devices', '--limit', '0']],
    ];
    for (const [code, why, args] of cases) {
      const ran = await run(...args);
      assert.deepEqual([ran.code, ran.out], [code, ''], `${args.join(' ')}: ${ran.err}`);
      assert.match(ran.err, why);
      assert.equal(ran.err.trim().split('\n').length, 1, ran.err);
    }
    const away = await program('acs/main.ts', ['devices', '--data', data, '--api', 'http://127.0.0.1:1']).ended;
    assert.deepEqual([away.code, away.out], [1, '']);
    assert.match(away.err, /^tandem-acs: --api: http:\/\/127\.0\.0\.1:1 cannot be reached.*\n$/);
    const wrong = await program('acs/main.ts', ['device', '--data', data]).ended;
    assert.deepEqual([wrong.code, wrong.err], [2, 'tandem-acs: ID is missing; see --help\n']);
  });

  it('complete commands, options and operations in bash', async () => {
    const { out: script } = await run('completion', 'bash');
    const complete = (...words: string[]): string[] =>
      execFileSync('bash', [
        '-c',
        `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tandem_acs; printf '%s\\n' "\${COMPREPLY[@]}"`,
        ...['bash', 'tandem-acs', ...words],
      ])
        .toString()
        .split('\n')
        .filter(Boolean);
    assert.deepEqual(complete('dev'), ['devices', 'device']);
    assert.deepEqual(complete('devices', '--c'), ['--config', '--ca', '--csv']);
    assert.deepEqual(complete('call', 'restorePreset'), ['restorePresetVersion']);
    assert.ok(complete('job', '').includes('rollback'));
    for (const shell of ['zsh', 'fish']) assert.match((await run('completion', shell)).out, /tandem-acs/);
  });

  it('are in the help, and each has its own', async () => {
    assert.match((await program('acs/main.ts', ['--help']).ended).out, /devices \| device \| set \| job/);
    for (const name of ['devices', 'device', 'set', 'job', 'faults', 'audit', 'call'] as const)
      assert.match((await run(name, '--help')).out, new RegExp(`tandem-acs ${name} `));
  });

  it('take the token from a file', async () => {
    const file = join(data, 'token');
    await writeFile(file, `${(await readFile(join(data, 'admin-token'), 'utf8')).trim()}x`);
    const refused = await run('devices', '--token', file);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /unauthorized/);
  });
});
