// Terminals of pycrate at the gatekeeper, told what to do (test/peers/h323/terminal.py); one process plays all of a suite.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '../eventually.ts';
import { pjsua2Python } from '../servers/pjsua2.ts';

const script = fileURLToPath(new URL('../../peers/h323/terminal.py', import.meta.url));

/** The needs of a suite: the interpreter of the peers' virtual environment, which has pycrate. */
export const h323Needs = { files: [pjsua2Python] };

/** Report of a terminal: a message that it received, or the fate of a connection. */
export interface TerminalEvent {
  as?: string;
  event: 'ready' | 'started' | 'ras' | 'call' | 'refused' | 'closed' | 'unreadable' | 'problem' | 'sent';
  /** Name of the message. */
  kind?: string;
  over?: 'udp' | 'tls';
  fields?: Record<string, unknown>;
  reference?: number;
  cause?: number;
  text?: string;
  port?: number;
}

export interface TerminalOptions {
  aliases: string[];
  /** Ports of the gatekeeper. */
  ras?: number | undefined;
  calls?: number | undefined;
  /** RAS and calls over one TLS connection to this port. */
  tls?: number | undefined;
  /** File with the CA of the gatekeeper; absent: its certificate is not judged. */
  ca?: string;
  password?: string;
  product?: string;
  /** Seconds. */
  ttl?: number;
  /** Its behaviour when it is called. */
  answers?: 'connect' | 'alert' | 'busy' | 'silent' | 'proceed';
  /** Answers no request of the gatekeeper. */
  deaf?: boolean;
  /** Seconds by which its clock is wrong. */
  skew?: number;
}

export class H323Terminal {
  readonly name: string;
  readonly #peers: H323Peers;

  constructor(name: string, peers: H323Peers) {
    this.name = name;
    this.#peers = peers;
  }

  tell(what: string, fields: Record<string, unknown> = {}): void {
    this.#peers.send({ as: this.name, do: what, ...fields });
  }

  /** Tells it to do something, and takes the RAS message that it receives next. */
  async ask(what: string, fields: Record<string, unknown> = {}): Promise<TerminalEvent> {
    this.tell(what, fields);
    return await this.hears('ras');
  }

  /** Takes its next event of that kind. @param message name of the message, any by default */
  async hears(event: TerminalEvent['event'], message?: string): Promise<TerminalEvent> {
    const what = `${this.name} hears ${message ?? event}`;
    return await this.#peers.take(what, one => {
      if (one.event === 'problem') throw new Error(`${one.as}: ${one.text}`);
      return one.as === this.name && one.event === event && (message === undefined || one.kind === message);
    });
  }
}

export class H323Peers {
  readonly #child: ChildProcess;
  readonly #events: TerminalEvent[] = [];
  #count = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (!child.stdout) throw new Error('pycrate has no output');
    createInterface({ input: child.stdout }).on('line', line => this.#events.push(JSON.parse(line) as TerminalEvent));
  }

  static async start(): Promise<H323Peers> {
    const child = spawn(pjsua2Python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const peers = new H323Peers(child);
    await peers.take('pycrate is ready', ({ event }) => event === 'ready');
    return peers;
  }

  async terminal(options: TerminalOptions): Promise<H323Terminal> {
    this.#count++;
    const terminal = new H323Terminal(`terminal ${this.#count}`, this);
    terminal.tell('terminal', { ...options });
    await terminal.hears('started');
    return terminal;
  }

  send(command: object): void {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  async take(what: string, fits: (event: TerminalEvent) => boolean): Promise<TerminalEvent> {
    return await eventually(what, () => {
      const at = this.#events.findIndex(fits);
      return at < 0 ? undefined : this.#events.splice(at, 1)[0];
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.stdin?.end('{"do":"quit"}\n');
    await exit;
  }
}
