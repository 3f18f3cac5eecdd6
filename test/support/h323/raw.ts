// A peer that sends RAS and call signalling as it likes, over sockets of its own.
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type {
  AliasAddress,
  BodyOf,
  CallMessage,
  Ras,
  RasMessage,
  VendorIdentifier,
} from '../../../pbx/h323/messages.ts';
import { decodeCall, encodeCall } from '../../../pbx/h323/q931.ts';
import { decodeRas, encodeRas } from '../../../pbx/h323/ras.ts';
import { TpktFramer, tpktPacket } from '../../../pbx/h323/tpkt.ts';
import { transportAddress } from '../../../pbx/h323/transport/addresses.ts';
import { eventually } from '../eventually.ts';

const protocolIdentifier = '0.0.8.2250.0.6';
const vendor: VendorIdentifier = { vendor: { t35CountryCode: 82, t35Extension: 0, manufacturerCode: 1 } };
const endpointType = { mc: false, undefinedNode: false, vendor };
export const alias = (text: string): AliasAddress => ({ dialledDigits: text });

export class RawEndpoint {
  readonly heard: RasMessage[] = [];
  readonly #socket: DatagramSocket;
  readonly #target: { host: string; port: number };
  #number = 0;

  private constructor(socket: DatagramSocket, target: { host: string; port: number }) {
    this.#socket = socket;
    this.#target = target;
    socket.on('message', bytes => this.heard.push(decodeRas(bytes)));
  }

  /** @param port of the gatekeeper @param address ours @param host of the gatekeeper */
  static async open(port: number, address = '127.0.0.1', host = '127.0.0.1'): Promise<RawEndpoint> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.bind(0, address);
    await once(socket, 'listening');
    return new RawEndpoint(socket, { host, port });
  }

  /** A registration request of a number. */
  registration(dir: string, more: Partial<Ras<'registrationRequest'>> = {}): RasMessage {
    this.#number++;
    const { address: host, port } = this.#socket.address();
    const here = [transportAddress({ host, port })];
    return {
      registrationRequest: {
        ...{ requestSeqNum: this.#number, protocolIdentifier, discoveryComplete: true },
        ...{ callSignalAddress: here, rasAddress: here, terminalType: endpointType },
        ...{ endpointVendor: vendor, terminalAlias: [alias(dir)], keepAlive: false, timeToLive: 60, ...more },
      },
    };
  }

  send(message: RasMessage | Buffer): void {
    const bytes = Buffer.isBuffer(message) ? message : encodeRas(message);
    this.#socket.send(bytes, this.#target.port, this.#target.host);
  }

  /** Registers with a number. @returns the endpoint identifier */
  async register(dir: string, more: Partial<Ras<'registrationRequest'>> = {}): Promise<string> {
    const answer = await this.ask(this.registration(dir, more));
    if (!('registrationConfirm' in answer)) throw new Error(`${dir} is refused`);
    return answer.registrationConfirm.endpointIdentifier;
  }

  /** Has a call admitted. @param callReference also fills the call identifier, as in `RawCaller.setup` */
  async admit(endpointIdentifier: string, to: string, callReference: number): Promise<RasMessage> {
    const guid = Buffer.alloc(16, callReference);
    return await this.ask({
      admissionRequest: {
        ...{
          requestSeqNum: 1000,
          callType: 'pointToPoint',
          endpointIdentifier,
          destinationInfo: [alias(to)],
          srcInfo: [],
        },
        ...{ bandWidth: 640, callReferenceValue: callReference, conferenceID: guid, callIdentifier: { guid } },
        activeMC: false,
        answerCall: false,
      },
    });
  }

  /** Sends a message and takes the next that it hears. */
  async ask(message: RasMessage): Promise<RasMessage> {
    this.send(message);
    return await eventually('an answer', () => this.heard.shift());
  }

  close(): void {
    this.#socket.close();
  }
}

export class RawCaller {
  readonly heard: CallMessage[] = [];
  readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
    const framer = new TpktFramer({
      packet: bytes => this.heard.push(decodeCall(bytes)),
      broken: () => socket.destroy(),
    });
    socket.on('data', bytes => framer.take(bytes)).on('error', () => undefined);
  }

  static async open(port: number, localAddress = '127.0.0.1'): Promise<RawCaller> {
    const socket = connect({ host: '127.0.0.1', port, localAddress });
    await once(socket, 'connect');
    return new RawCaller(socket);
  }

  send(message: CallMessage): void {
    this.socket.write(tpktPacket(encodeCall(message)));
  }

  /** A Setup of a registered endpoint, or of one that was admitted to make that call. */
  setup(endpointIdentifier: string | undefined, to: string, callReference: number): CallMessage {
    const guid = Buffer.alloc(16, callReference);
    const setup: BodyOf<'setup'> = {
      ...{ protocolIdentifier, endpointIdentifier, sourceInfo: endpointType, activeMC: false },
      ...{ destinationAddress: [alias(to)], conferenceID: guid, callIdentifier: { guid } },
      conferenceGoal: 'create',
      callType: 'pointToPoint',
    };
    const user = { 'h323-uu-pdu': { 'h323-message-body': { setup } } };
    return { type: 'setup', callReference, isFromDestination: false, user };
  }

  async hears(type: CallMessage['type']): Promise<CallMessage> {
    return await eventually(type, () => this.heard.find(message => message.type === type));
  }

  get isClosed(): boolean {
    return this.socket.closed;
  }
}
