// A call between the two lines of the gateway through the exchange: TLS and SRTP on both legs.
import { userAgentOf } from '../../../../cpe/services/sip/sipep.ts';
import type { Call } from '../../../../cpe/voice/call/call.ts';
import { type Detail, expect, until } from '../../observe.ts';
import { domain, type MxOneWorld } from '../world.ts';

const ENOUGH = 50;

export async function secureCall(world: MxOneWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const agent = userAgentOf(world.gateway.device);
  expect(agent, 'the gateway has no user agent');
  const answered: Call[] = [];
  agent.incoming(arrived => answered.push(arrived));
  const made = await agent.call('4100', `sip:4101@${domain}`, { signal });
  const other = await until('the called line has no call', signal, () => answered[0]);
  await until('too little media', signal, () => made.stats().received >= ENOUGH && other.stats().received >= ENOUGH);
  const [near, far] = [made.stats(), other.stats()];
  const calls = await world.exchange.calls();
  await made.hangup();
  await other.ended;
  expect(near.authFailures + far.authFailures === 0, 'packets failed authentication');
  expect(near.suite.startsWith('AES_CM_128'), `media is secured by ${near.suite}`);
  expect(calls.length === 1 && calls[0]?.media === 'RTP/SAVP', `the exchange shows ${JSON.stringify(calls)}`);
  detail.near = near;
  detail.far = far;
  detail.calls = calls;
  return `4100 → 4101, ${String(calls[0]?.media)}, ${near.suite}: ${far.received} packets →, ${near.received} ←, 0 failures`;
}
