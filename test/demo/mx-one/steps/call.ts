// Calls through the exchange, TLS and SRTP on both legs: between two lines of a gateway, and over a trunk.
import { userAgentOf } from '../../../../cpe/services/sip/sipep.ts';
import type { Call } from '../../../../cpe/voice/call/call.ts';
import { type Detail, expect, until } from '../../observe.ts';
import { executed } from '../observe.ts';
import { domain, type MxOneUnit, type MxOneWorld } from '../world.ts';
import { MITEL } from './policies.ts';

const ENOUGH = 50;
const inClearOffer = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 5004 RTP/AVP 0',
  '',
].join('\r\n');

export async function secureCall(world: MxOneWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const { near, far, calls } = await talk(world, { to: '4101', unit: world.lines }, signal);
  Object.assign(detail, { near, far, calls });
  return `4100 → 4101, ${near.suite}: ${far.received} packets →, ${near.received} ←, 0 failures`;
}

interface Talk {
  near: ReturnType<Call['stats']>;
  far: ReturnType<Call['stats']>;
  /** The exchange's view while both heard each other. */
  calls: Record<string, unknown>[];
}

/** Line 4100 calls a number that rings at a gateway, until both have received enough protected media. */
async function talk(world: MxOneWorld, called: { to: string; unit: MxOneUnit }, signal: AbortSignal): Promise<Talk> {
  const [from, to] = [userAgentOf(world.lines.gateway.device), userAgentOf(called.unit.gateway.device)];
  expect(from && to, 'a gateway has no user agent');
  const answered: Call[] = [];
  to.incoming(arrived => answered.push(arrived));
  const made = await from.call('4100', `sip:${called.to}@${domain}`, { signal });
  const other = await until('the called line has no call', signal, () => answered[0]);
  await until('too little media', signal, () => made.stats().received >= ENOUGH && other.stats().received >= ENOUGH);
  const [near, far] = [made.stats(), other.stats()];
  const calls = await world.exchange.calls();
  await made.hangup();
  await other.ended;
  expect(near.authFailures + far.authFailures === 0, 'packets failed authentication');
  expect(near.suite.startsWith('AES_CM_128'), `media is secured by ${near.suite}`);
  expect(calls.length === 1 && calls[0]?.media === 'RTP/SAVP', `the exchange shows ${JSON.stringify(calls)}`);
  return { near, far, calls };
}

/** A gateway as trunk: it registers as 4150, and a route leads numbers with a prefix to it. The outside telephone is its endpoint. */
export async function trunk(world: MxOneWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  await executed(world, 'sip_route -set -route 20 -prefix 5 -gateway yes -registeredas 4150');
  detail.route = await executed(world, 'sip_route -print -route 20');
  const { near, far, calls } = await talk(world, { to: '50123', unit: world.trunk }, signal);
  expect(calls[0]?.kind === 'gateway', `the exchange shows ${JSON.stringify(calls)}`);
  const telephone = await world.telephone('4200', '8642', { userAgent: MITEL, protocol: 'tls' });
  expect((await telephone.register()).status === 200, 'the telephone is not registered');
  const inClear = await telephone.call('50123', inClearOffer);
  expect('status' in inClear && inClear.status === 488, 'a call in clear is not refused');
  await telephone.register(0);
  Object.assign(detail, {
    near,
    far,
    calls,
    refused: { status: inClear.status, warning: inClear.headers.get('Warning') },
  });
  return `4100 → 50123 over route 20, ${near.suite}: ${far.received} packets →, ${near.received} ←; in clear refused with 488`;
}
