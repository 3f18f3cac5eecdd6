// Configuration scripts by Download: SIP over TLS and SRTP.
import { type Detail, expect } from '../observe.ts';
import type { DemoWorld } from '../world.ts';

export async function script(world: DemoWorld, detail: Detail): Promise<string> {
  const { device } = world.a.gateway;
  const before = device.config.variable('SipEp.TransportConfig[GatewayName=default].TlsEnable');
  for (const unit of world.units) {
    const task = await world.api('POST', `/devices/${unit.id}/tasks?wait=15`, {
      method: 'Download',
      file: `voice-${unit.name}.cfg`,
    });
    expect(
      task.state === 'done',
      `Download ended ${task.state}: ${JSON.stringify(task.fault ?? task.connectionRequest ?? '')}`,
    );
    detail[`task${unit.name}`] = { id: task.id, state: task.state };
  }
  const after = device.config.variable('SipEp.TransportConfig[GatewayName=default].TlsEnable');
  expect(after === 'Enable', 'the script had no effect');
  detail.effect = {
    parameter: 'SipEp.TransportConfig[GatewayName=default].TlsEnable',
    before,
    after,
    rtpMode: device.config.variable('Mipt.DefaultSecurityRtpMode'),
  };
  return `Download, run line by line: SIP TLS ${before} → ${after}, SRTP ${device.config.variable('Mipt.DefaultSecurityRtpMode')}`;
}
