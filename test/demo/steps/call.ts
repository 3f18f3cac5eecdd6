// Calls between the gateways: SRTP both ways, each hears the tone of the other. The keys come by SDES, as the script has set it, and then by
// MIKEY, once the ACS has returned both units to it.
import { userAgentOf } from '../../../cpe/services/sip/sipep.ts';
import type { Call } from '../../../cpe/voice/call/call.ts';
import { type Detail, expect, until } from '../observe.ts';
import type { DemoWorld } from '../world.ts';

const KEY_MANAGEMENT = 'Device.X_0090F8_Mipt.DefaultSecurityKeyManagement';

interface Ends {
  near: ReturnType<Call['stats']>;
  far: ReturnType<Call['stats']>;
}

export async function call(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const sdes = await talk(world, detail, signal);
  detail.a = sdes.near;
  detail.b = sdes.far;
  for (const unit of world.units) {
    const args = { ParameterList: { [KEY_MANAGEMENT]: 'Mikey' } };
    const task = await world.api('POST', `/devices/${unit.id}/tasks?wait=15`, { method: 'SetParameterValues', args });
    expect(task.state === 'done', `SetParameterValues ended ${task.state}`);
    expect(unit.gateway.device.config.get(KEY_MANAGEMENT) === 'Mikey', 'the key management is not MIKEY');
  }
  const mikey = await talk(world, detail, signal);
  detail.mikey = { a: mikey.near, b: mikey.far };
  const { near, far } = sdes;
  const heard = `heard ${far.tone} Hz and ${near.tone} Hz`;
  return `${near.suite}: ${far.received} packets →, ${near.received} ←, 0 failures; ${heard}; by MIKEY ${mikey.far.received} →, ${mikey.near.received} ←`;
}

/** A calls B until both have heard enough. */
async function talk(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<Ends> {
  const [from, to] = [userAgentOf(world.a.gateway.device), userAgentOf(world.b.gateway.device)];
  expect(from && to, 'no user agents');
  const answered: Call[] = [];
  to.incoming(arrived => answered.push(arrived));
  const made = await from.call(world.a.user, `sip:${world.b.user}@${world.domain}`, { signal });
  const other = await until('the called side has no call', signal, () => answered[0]);
  await until('too little media, or no tone', signal, () => {
    const [near, far] = [made.stats(), other.stats()];
    return near.received >= 50 && far.received >= 50 && near.tone !== undefined && far.tone !== undefined;
  });
  const ends: Ends = { near: made.stats(), far: other.stats() };
  detail.usage = world.a.gateway.device.config.variable('EpAdm.UnitUsageState');
  await made.hangup();
  await other.ended;
  expect(detail.usage !== 'Idle', 'the unit says that no call is up');
  judge(world, ends);
  return ends;
}

function judge(world: DemoWorld, { near, far }: Ends): void {
  const failures = near.authFailures + far.authFailures;
  expect(failures === 0, `${failures} SRTP authentication failures`);
  expect(
    near.suite.startsWith('AES_CM_128') && far.suite === near.suite,
    `media is secured by ${near.suite} and ${far.suite}`,
  );
  expect(near.tone === world.b.tone && far.tone === world.a.tone, `heard ${near.tone} and ${far.tone} Hz`);
}
