// A call between the gateways: SRTP both ways, each hears the tone of the other.
import { userAgentOf } from '../../../cpe/services/sip/sipep.ts';
import type { Call } from '../../../cpe/voice/call/call.ts';
import { type Detail, expect, until } from '../observe.ts';
import type { DemoWorld } from '../world.ts';

export async function call(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const [from, to] = [userAgentOf(world.a.gateway.device), userAgentOf(world.b.gateway.device)];
  expect(from && to, 'no user agents');
  const answered: Call[] = [];
  to.incoming(call => answered.push(call));
  const call = await from.call(world.a.user, `sip:${world.b.user}@${world.domain}`, signal);
  const other = await until('the called side has no call', signal, () => answered[0]);
  await until('too little media, or no tone', signal, () => {
    const [near, far] = [call.stats(), other.stats()];
    return near.received >= 50 && far.received >= 50 && near.tone !== undefined && far.tone !== undefined;
  });
  const [near, far] = [call.stats(), other.stats()];
  detail.usage = world.a.gateway.device.config.variable('EpAdm.UnitUsageState');
  await call.hangup();
  await other.ended;
  expect(detail.usage !== 'Idle', 'the unit says that no call is up');
  detail.a = near;
  detail.b = far;
  expect(
    near.authFailures === 0 && far.authFailures === 0,
    `${near.authFailures + far.authFailures} SRTP authentication failures`,
  );
  expect(
    near.suite.startsWith('AES_CM_128') && far.suite === near.suite,
    `media is secured by ${near.suite} and ${far.suite}`,
  );
  expect(near.tone === world.b.tone && far.tone === world.a.tone, `heard ${near.tone} and ${far.tone} Hz`);
  return `${near.suite}: ${far.received} packets →, ${near.received} ←, 0 failures; heard ${far.tone} Hz and ${near.tone} Hz`;
}
