// A call between the lab's bare SIP peer and its unit: the peer's half of the dialog, and its requests inside it.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import type { Call } from '../../../cpe/voice/call/call.ts';
import { buildRequest, type Dialog, dialogOfCallee, dialogOfCaller } from '../../../shared/sip/dialog.ts';
import type { MessageParts, SipResponse } from '../../../shared/sip/message.ts';
import { parseSdp } from '../../../shared/sip/sdp.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { CallLab } from '../cpe/call-lab.ts';
import { cryptoLine, inviteTo, sdpText } from '../cpe/voice.ts';

export interface PeerCall {
  readonly call: Call;
  readonly dialog: Dialog;
  /** The unit's answer to the peer's INVITE, or the INVITE that the peer answered. */
  readonly first: { body: Buffer };
  /** The peer's description of its stream. */
  sdp(lines?: string[]): string;
  /** Sends a request inside the call; a 200 to INVITE is acknowledged. */
  ask(method: string, parts?: MessageParts): Promise<SipResponse>;
  /** The next re-INVITE of the unit, answered with the stream in that direction. */
  accept(direction: string): Promise<ServerTransaction>;
}

export const withSdp = (body: string): MessageParts => ({ body, contentType: 'application/sdp' });

/** The direction, and the address of c=, of the stream in a body. */
export function streamOf({ body }: { body: Buffer }): { direction: string | undefined; address: string | undefined } {
  const sdp = parseSdp(body);
  const names = sdp.media[0]?.attributes.map(({ name }) => name) ?? [];
  return {
    direction: names.find(name => ['sendrecv', 'sendonly', 'recvonly', 'inactive'].includes(name)),
    address: sdp.connection?.address,
  };
}

function peerCall(lab: CallLab, call: Call, dialog: Dialog, first: { body: Buffer }): PeerCall {
  const { peer, address } = lab;
  const port = 40_000;
  let version = 1;
  const sdp = (lines: string[] = []): string => {
    version += 1;
    return sdpText(port, 'RTP/SAVP', [cryptoLine(), ...lines], { version });
  };
  const contact: [string, string] = ['Contact', `<sip:200@${peer.server.host}:${peer.server.port}>`];
  return {
    call,
    dialog,
    first,
    sdp,
    ask: async (method, parts = {}) => {
      const headers = [contact, ...(parts.headers ?? [])];
      const inside = await peer.send(address, buildRequest(dialog, method, { ...parts, headers }));
      const { response } = await inside.final;
      if (method === 'INVITE' && response.status === 200)
        peer.layer.send(inside.flow, buildRequest({ ...dialog, localSequence: dialog.localSequence - 1 }, 'ACK'));
      return response;
    },
    accept: async direction => {
      const asked = await peer.next('INVITE');
      asked.respond(200, undefined, { headers: [contact], ...withSdp(sdp([`a=${direction}`])) });
      return asked;
    },
  };
}

/** The peer calls the unit. */
export async function callUnit(lab: CallLab, headers: [string, string][] = []): Promise<PeerCall> {
  const arriving = new Promise<Call>(resolve => lab.unit.agent.incoming(resolve));
  const body = sdpText(40_000, 'RTP/SAVP', [cryptoLine()]);
  const transaction = await lab.peer.send(lab.address, inviteTo(lab.peer, lab.address, body, headers));
  const { response } = await transaction.final;
  assert.equal(response.status, 200);
  const dialog = dialogOfCaller(transaction.request, response);
  lab.peer.layer.send(transaction.flow, buildRequest({ ...dialog, localSequence: 0 }, 'ACK'));
  return peerCall(lab, await arriving, dialog, response);
}

/** The unit calls the peer, which answers. */
export async function calledByUnit(lab: CallLab, headers: [string, string][] = []): Promise<PeerCall> {
  const placing = lab.unit.agent.call('100', '200');
  const invite = await lab.peer.next('INVITE');
  const { host, port } = lab.peer.server;
  const parts = withSdp(sdpText(40_000, 'RTP/SAVP', [cryptoLine()]));
  const response = invite.respond(200, undefined, {
    headers: [['Contact', `<sip:200@${host}:${port}>`], ...headers],
    ...parts,
  });
  const dialog = dialogOfCallee(invite.request, response);
  return peerCall(lab, await placing, dialog, invite.request);
}

/** A UDP port at 127.0.0.1 that counts what comes. */
export async function mediaPort(): Promise<{ port: number; count: () => number; close: () => Promise<void> }> {
  const socket = createSocket('udp4');
  let count = 0;
  socket.on('message', () => {
    count += 1;
  });
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  return { port, count: () => count, close: () => new Promise(resolve => socket.close(() => resolve())) };
}
