// The SNMP agent of a unit: reads and changes the same variables as CWMP and scripts. Messages and their security are net-snmp's.
import { createSocket, type Socket } from 'node:dgram';
import { messageOf } from '../../shared/errors.ts';
import type { SnmpServer, TrapFacts, Unit } from '../services/service.ts';
import { type Agent, makeAgent, type Peer } from './library.ts';
import { takeOver } from './requests.ts';
import { sendTrap } from './traps.ts';
import { communityOf, usersOf } from './users.ts';
import { View } from './view.ts';

export interface SnmpAddress {
  host: string;
  /** The port that stands for the factory's port 161; 0 is any free one. */
  port: number;
}

const SNMP_PORT = 161;
/** Bytes of a request. */
const MAX_REQUEST = 8192;

export class SnmpAgent implements SnmpServer {
  readonly #unit: Unit;
  readonly #at: SnmpAddress;
  readonly #library: { agent: Agent; socket: unknown };
  readonly counts = { get: 0, getNext: 0, set: 0 };
  #socket: Socket | undefined;
  #openedAt = 0;

  constructor(unit: Unit, at: SnmpAddress) {
    this.#unit = unit;
    this.#at = at;
    const engine = Buffer.from(`8000134703${unit.identity.mac}`, 'hex');
    this.#library = makeAgent(
      engine,
      (bytes, peer) => this.#send(bytes, peer),
      error => unit.log.debug('SNMP request refused', { reason: messageOf(error) }),
    );
    takeOver({ unit, view: new View(unit), counts: this.counts, ...this.#library });
  }

  /** `host:port`; '' while it is closed. */
  get address(): string {
    return this.#socket ? `${this.#at.host}:${this.#socket.address().port}` : '';
  }

  async open(): Promise<void> {
    await this.close();
    const { config, clock, log } = this.#unit;
    const wanted = Number(config.running('Snmp.Port') ?? SNMP_PORT);
    if (wanted === 0) return;
    // A number that grows with each start: requests of an earlier run are not in time.
    this.#library.agent.engine.engineBoots = Math.floor(clock.now() / 1000) % 2 ** 31;
    this.#openedAt = clock.monotonic();
    const socket = createSocket(this.#at.host.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(wanted === SNMP_PORT ? this.#at.port : wanted, this.#at.host, resolve);
    });
    socket.on('error', error => log.warn('SNMP socket failed', { reason: messageOf(error) }));
    socket.on('message', (bytes, peer) => this.#receive(bytes, peer));
    this.#socket = socket;
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) await new Promise<void>(resolve => socket.close(() => resolve()));
  }

  trap(unit: Unit, facts: TrapFacts): void {
    sendTrap(unit, facts, { engine: this.#library.agent.engine.engineID, localAddress: this.#at.host });
  }

  #send(bytes: Buffer, { port, address }: Peer): void {
    this.#socket?.send(bytes, port, address, error => {
      if (error) this.#unit.log.debug('SNMP answer not sent', { reason: messageOf(error) });
    });
  }

  #receive(bytes: Buffer, peer: Peer): void {
    if (bytes.length > MAX_REQUEST) return;
    const { agent, socket } = this.#library;
    agent.engine.engineTime = Math.floor((this.#unit.clock.monotonic() - this.#openedAt) / 1000);
    agent.authorizer.communities = [communityOf(this.#unit)];
    agent.authorizer.users = usersOf(this.#unit);
    try {
      agent.onMsg(socket, bytes, peer);
    } catch (error) {
      this.#unit.log.debug('SNMP request cannot be read', { reason: messageOf(error) });
    }
  }
}
