// The SSH server of a unit's console: logins of the unit's accounts, sessions at a terminal, from a pipe, and of one command.
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from 'ssh2';
import { messageOf } from '../../shared/errors.ts';
import { signIn } from '../services/aaa.ts';
import type { Unit, UnitServer } from '../services/service.ts';
import { algorithmsOf } from './algorithms.ts';
import type { Exit } from './commands.ts';
import { hostKey } from './host-key.ts';
import { Screen } from './screen.ts';
import { ConsoleSession, runPipe } from './session.ts';

export interface ConsoleAddress {
  host: string;
  /** The port that stands for the factory's port 22; 0 is any free one. */
  port: number;
}

const SSH_PORT = 22;
/** Connections at a time, logins under way included. */
const MAX_CONNECTIONS = 10;
/** Milliseconds for a login. */
const LOGIN_TIME = 60_000;
/** Milliseconds until a wrong password is answered, and wrong ones of a connection. */
const DELAY = 1000;
const MAX_WRONG = 3;

export class ConsoleServer implements UnitServer {
  readonly #unit: Unit;
  readonly #at: ConsoleAddress;
  readonly #sockets = new Set<Socket>();
  #server: NetServer | undefined;
  #key = '';

  constructor(unit: Unit, at: ConsoleAddress) {
    this.#unit = unit;
    this.#at = at;
  }

  /** `host:port`; '' while it is closed. */
  get address(): string {
    const address = this.#server?.address();
    return address && typeof address === 'object' ? `${this.#at.host}:${address.port}` : '';
  }

  async open(): Promise<void> {
    await this.close();
    const { config, state } = this.#unit;
    const wanted = Number(config.running('Cli.SshPort') ?? SSH_PORT);
    if (config.running('Cli.EnableSsh') === 'Disable' || wanted === 0) return;
    this.#key = await hostKey(state.persist, () => ssh2.utils.generateKeyPairSync('ed25519').private);
    const server = createServer({ noDelay: true }, socket => this.#admit(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted === SSH_PORT ? this.#at.port : wanted, this.#at.host, resolve);
    });
    server.on('error', error => this.#unit.log.warn('console listener failed', { reason: messageOf(error) }));
    this.#server = server;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server) await new Promise(resolve => server.close(resolve));
  }

  #admit(socket: Socket): void {
    const { log } = this.#unit;
    const peer = socket.remoteAddress ?? '';
    socket.on('error', error => log.debug('console connection failed', { peer, reason: messageOf(error) }));
    if (this.#sockets.size >= MAX_CONNECTIONS) {
      log.warn('console connection refused: too many', { peer });
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    // Programs that say nothing are cut off as those that do not log in.
    const grace = this.#unit.clock.after(LOGIN_TIME, () => socket.destroy());
    socket.once('close', () => {
      grace.cancel();
      this.#sockets.delete(socket);
    });
    try {
      const config = { hostKeys: [this.#key], ident: 'Console', algorithms: algorithmsOf(this.#unit) };
      new ssh2.Server(
        config,
        client =>
          new ConsoleClient(
            this.#unit,
            client.once('ready', () => grace.cancel()),
            peer,
          ),
      ).injectSocket(socket);
    } catch (error) {
      log.warn('console connection cannot be served', { peer, reason: messageOf(error) });
      socket.destroy();
    }
  }
}

/** One connection. */
class ConsoleClient {
  readonly #unit: Unit;
  readonly #client: Connection;
  readonly #peer: string;
  #wrong = 0;
  #user = '';
  #isBusy = false;

  constructor(unit: Unit, client: Connection, peer: string) {
    this.#unit = unit;
    this.#client = client;
    this.#peer = peer;
    client.on('authentication', context => void this.#logIn(context));
    client.on('error', error => unit.log.debug('console session failed', { peer, reason: messageOf(error) }));
    client.on('session', accept => serve({ unit, user: this.#user, end: () => client.end() }, accept()));
  }

  async #logIn(context: AuthContext): Promise<void> {
    if (context.method !== 'password') return context.reject(['password']);
    const { log, clock } = this.#unit;
    const { username: user, password } = context;
    const outcome = this.#isBusy ? { ok: false } : signIn(this.#unit, user, password);
    if (outcome.ok) {
      this.#user = user;
      log.info('login at the console of the unit', { user, peer: this.#peer });
      return context.accept();
    }
    this.#isBusy = true;
    await clock.sleep(DELAY);
    this.#isBusy = false;
    this.#wrong++;
    log.warn('login at the console of the unit failed', { peer: this.#peer });
    if (this.#wrong >= MAX_WRONG) this.#client.end();
    else context.reject(['password']);
  }
}

/** The person at a connection that is logged in. */
interface Visitor {
  readonly unit: Unit;
  readonly user: string;
  /** Ends the connection. */
  end(): void;
}

function serve(visitor: Visitor, session: Session): void {
  let size: { columns: number; rows: number } | undefined;
  let screen: Screen | undefined;
  const begin = (channel: ServerChannel, run: (console: ConsoleSession) => Promise<Exit>): void => {
    screen = new Screen(channel, size);
    void runChannel(visitor, { channel, screen }, run);
  };
  session.on('pty', (accept, _reject, { cols, rows }) => {
    size = { columns: within(cols), rows: within(rows) };
    accept?.();
  });
  session.on('window-change', (accept, _reject, { cols, rows }) => {
    screen?.resize(within(cols), within(rows));
    accept?.();
  });
  session.once('shell', accept => {
    const channel = accept();
    begin(channel, console => (size ? console.atTerminal() : runPipe(console, channel)));
  });
  session.once('exec', (accept, _reject, { command }) => begin(accept(), console => console.command(command)));
}

async function runChannel(
  { unit, user, end }: Visitor,
  { channel, screen }: { channel: ServerChannel; screen: Screen },
  run: (console: ConsoleSession) => Promise<Exit>,
): Promise<void> {
  const note = (error: unknown): void => unit.log.debug('console channel failed', { reason: messageOf(error) });
  channel.on('error', note);
  screen.on('error', note);
  const onIdle = (): void => {
    unit.log.info('console session ended: idle', { user });
    end();
  };
  const console = new ConsoleSession({ unit, user, input: channel, screen, onIdle });
  channel.once('close', () => console.end());
  try {
    const exit = await run(console);
    channel.exit(exit);
  } catch (error) {
    unit.log.error('console line failed', { reason: messageOf(error) });
    if (!channel.destroyed) channel.exit(1);
  } finally {
    console.end();
    channel.end();
  }
}

/** Columns or rows of a terminal, of any size that its program claims. */
const within = (count: number | undefined): number => Math.min(Math.max(count || 80, 20), 1000);
