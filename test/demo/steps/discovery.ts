// Discovery: DHCP option 43 gives the gateway its ACS URL.
import { type Detail, expect, installCa, until } from '../observe.ts';
import type { DemoWorld } from '../world.ts';

export async function discovery(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  // As the installer does on the unit's certificate page.
  await installCa(world, world.a);
  await world.a.gateway.boot();
  const lease = world.a.gateway.device.dhcp.lease;
  expect(lease?.acsUrl, 'DHCP taught no ACS URL');
  const asked = world.dhcp.requests.find(request => request.message.options.get(60)?.includes('dslforum.org'));
  expect(asked, 'the request carried no option 60 with dslforum.org');
  await until('the agent has no ACS URL', signal, () => world.a.gateway.agent?.acs.url);
  detail.option60 = asked.message.options.get(60)?.toString('latin1');
  detail.option43 = { acsUrl: lease.acsUrl, provisioningCode: lease.provisioningCode };
  detail.acsUrlInUse = world.a.gateway.agent?.acs.url;
  expect(detail.acsUrlInUse === lease.acsUrl, 'the agent uses another ACS URL');
  return `option 43: ${lease.acsUrl}, provisioning code ${lease.provisioningCode}`;
}
