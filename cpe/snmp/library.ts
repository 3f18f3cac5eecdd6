// The part of net-snmp that the agent uses: it reads and writes messages, with the security of version 3. Its own view of parameters is not used.
import snmp from 'net-snmp';
import { useDes } from './des.ts';
import type { Value } from './values.ts';

export interface LibraryVarbind extends Value {
  oid: string;
}

export interface Pdu {
  type: number;
  varbinds: LibraryVarbind[];
  nonRepeaters?: number;
  maxRepetitions?: number;
  contextName?: string | Buffer;
  errorStatus?: number;
  errorIndex?: number;
  getResponsePduForRequest(): Pdu;
}

export interface Message {
  /** 0, 1 and 3: SNMPv1, v2c and v3. */
  version: number;
  pdu: Pdu;
  user?: { name: string };
  msgSecurityParameters?: {
    msgAuthoritativeEngineID: Buffer;
    msgAuthoritativeEngineBoots: number;
    msgAuthoritativeEngineTime: number;
  };
  isReportable(): boolean;
  createReportResponseMessage(engine: Engine, context: string, error: string): Message;
}

interface Engine {
  engineID: Buffer;
  engineBoots: number;
  engineTime: number;
}

export interface Peer {
  address: string;
  port: number;
}

type Handler = (socket: unknown, message: Message, peer: Peer) => void;

/** The agent of the library, with the places where this one acts instead. */
export interface Agent {
  engine: Engine;
  context: string;
  authorizer: { communities: string[]; users: unknown[] };
  listener: { send(message: Message, peer: Peer, socket: unknown): void };
  onMsg(socket: unknown, bytes: Buffer, peer: Peer): void;
  getRequest: Handler;
  getNextRequest: Handler;
  getBulkRequest: Handler;
  setRequest: Handler;
  onProxyRequest: Handler;
  sendResponse(socket: unknown, peer: Peer, message: Message, pdu: Pdu): void;
}

interface Socket {
  on(): void;
  bind(): void;
  close(): void;
  send(bytes: Buffer, from: number, length: number, port: number, address: string, sent: (error?: Error) => void): void;
}

/** @param send takes what the agent sends @param onError what cannot be read or is refused */
export function makeAgent(
  engineID: Buffer,
  send: (bytes: Buffer, peer: Peer) => void,
  onError: (error: Error) => void,
): { agent: Agent; socket: unknown } {
  useDes();
  const nothing = (): void => undefined;
  const socket: Socket = {
    on: nothing,
    bind: nothing,
    close: nothing,
    send: (bytes, from, length, port, address) => send(bytes.subarray(from, from + length), { address, port }),
  };
  const options = { engineID, dgramModule: { createSocket: () => socket }, accessControlModelType: 0 };
  const agent: Agent = snmp.createAgent(options, (error: Error | null) => error && onError(error));
  return { agent, socket };
}

export const { SecurityLevel, AuthProtocols, PrivProtocols } = snmp;
