// baresip as terminals of the exchange: one process, an account for each number, and User-Agent of its own or of another product.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { BaresipControl, type BaresipEvent } from './baresip-control.ts';
import { exchangeDomain, type Logon, type LogonReport, type TerminalMaker } from './terminals.ts';

const OWN_PRODUCT = 'baresip v1.0.0 (x86_64/linux)';

export class BaresipTerminals implements TerminalMaker {
  readonly product: string;
  readonly #child: ChildProcess;
  readonly #control: BaresipControl;
  #trace = '';

  private constructor(product: string, child: ChildProcess, control: BaresipControl) {
    this.product = product;
    this.#child = child;
    this.#control = control;
    child.stdout?.on('data', chunk => {
      this.#trace += String(chunk);
    });
  }

  /** @param product User-Agent, at most as long as baresip's own, which it has by default */
  static async start(options: {
    folder: string;
    sipPort: number;
    controlPort: number;
    product?: string;
  }): Promise<BaresipTerminals> {
    const { folder, sipPort, controlPort, product = OWN_PRODUCT } = options;
    await mkdir(folder, { recursive: true });
    const program = product === OWN_PRODUCT ? 'baresip' : await namedProgram(folder, product);
    await writeFile(join(folder, 'config'), configuration(sipPort, controlPort));
    for (const name of ['accounts', 'contacts']) await writeFile(join(folder, name), '\n');
    // Its trace would wait in a buffer as long as the output is no terminal.
    const child = spawn('stdbuf', ['-o0', program, '-4', '-s', '-f', folder], {
      stdio: ['ignore', 'pipe', 'ignore'],
      cwd: folder,
    });
    const control = await eventually(
      'the control socket of baresip',
      () => {
        // Another program may have its ports, and would answer in its place.
        if (child.exitCode !== null) throw new Error(`baresip ended with ${child.exitCode}`);
        return BaresipControl.reach(controlPort);
      },
      10_000,
      50,
    );
    return new BaresipTerminals(product, child, control);
  }

  async logOn({ number, pin, protocol, port }: Logon): Promise<LogonReport> {
    const from = this.#trace.length;
    const login = pin === undefined ? '' : `;auth_user=${number};auth_pass=${pin}`;
    const proxy = `outbound="sip:127.0.0.1:${port};transport=${protocol}"`;
    await this.#control.command(
      'uanew',
      `<sip:${number}@${exchangeDomain};transport=${protocol}>${login};${proxy};regint=60`,
    );
    const address = `sip:${number}@${exchangeDomain}`;
    const isAnswer = ({ type, accountaor }: BaresipEvent): boolean =>
      accountaor === address && (type === 'REGISTER_OK' || type === 'REGISTER_FAIL');
    const event = await eventually(`baresip ${number} is answered`, () => this.#control.take(isAnswer), 10_000, 10);
    const status = Number.parseInt(event.param ?? '', 10);
    // The trace comes by another way than the event.
    const statuses = await eventually(`the trace of baresip ${number}`, () => {
      const seen = statusesOf(this.#trace.slice(from), number);
      return seen.includes(status) && seen;
    });
    return { isRegistered: event.type === 'REGISTER_OK', status, wasChallenged: statuses.includes(401) };
  }

  async logOff(number: string): Promise<void> {
    await this.#control.command('uadel', `sip:${number}@${exchangeDomain}`);
    this.#control.events.length = 0;
  }

  async stop(): Promise<void> {
    this.#control.close();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exit;
  }
}

/** A copy of the program that names itself otherwise; it has no option for that. */
async function namedProgram(folder: string, product: string): Promise<string> {
  const program = await readFile('/usr/bin/baresip');
  const at = program.indexOf(OWN_PRODUCT);
  if (at < 0 || product.length > OWN_PRODUCT.length) throw new Error(`baresip cannot be named ${product}`);
  program.write(product.padEnd(OWN_PRODUCT.length, '\0'), at, 'latin1');
  const path = join(folder, 'baresip-named');
  await writeFile(path, program, { mode: 0o700 });
  return path;
}

/** The answers for that number in a trace. */
function statusesOf(trace: string, number: string): number[] {
  const messages = trace.split(/\r?\n\r?\n/).filter(text => text.includes(`To: <sip:${number}@`));
  return messages.flatMap(text => {
    const [, status] = /^SIP\/2\.0 (\d{3})/m.exec(text) ?? [];
    return status === undefined ? [] : [Number(status)];
  });
}

const configuration = (sipPort: number, controlPort: number): string =>
  [
    'poll_method epoll',
    `sip_listen 127.0.0.1:${sipPort}`,
    'audio_player aubridge,x',
    'audio_source ausine,440',
    'net_interface 127.0.0.1',
    'module_path /usr/lib/baresip/modules',
    ...['g711', 'ausine', 'aubridge'].map(name => `module ${name}.so`),
    'module_tmp account.so',
    'module_app ctrl_tcp.so',
    'module_app menu.so',
    `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
    '',
  ].join('\n');
